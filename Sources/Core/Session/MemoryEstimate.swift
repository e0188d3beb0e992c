import EngineKit
import Torch

/// What a run may take of the memory there is.
enum MemoryEstimate {
    /// The plan of the run's steps that fits.
    /// - Throws: ``EngineFailure`` with the memory that even the thriftiest would take when that is more than there is.
    static func plan(
        _ settings: RunSettings,
        _ models: ModelPair,
        _ options: ComputeOptions
    ) throws(EngineFailure) -> StepPlan {
        // What an earlier step has left for the next one can be had.
        Runtime.releaseMemory()
        let step = StepMemory(
            models.vqgan.configuration,
            models.clips.members.map(\.clip.configuration),
            isExact: options.isExact || models.device != .cpu
        )
        guard let (room, _) = room(on: models.device, options.memory) else {
            return step.plan(settings, room: .infinity)
        }
        let plan = step.plan(settings, room: room)
        let needed = step.bytes(settings.size, plan)
        try check(needed, for: settings.size, on: models.device, options.memory) { advice(settings, step, room) }
        return plan
    }

    /// The same picture smaller, in steps of a tenth, until it fits.
    private static func advice(_ settings: RunSettings, _ step: StepMemory, _ room: Double) -> String {
        for tenths in (1...9).reversed() {
            func side(_ pixels: Int) -> Int { max(16, pixels * tenths / 10 / 16 * 16) }
            var smaller = settings
            smaller.size = PictureSize(side(settings.size.width), side(settings.size.height))
            if step.bytes(smaller.size, step.plan(smaller, room: room)) <= room { return "\(smaller.size) would fit" }
        }
        return "use a smaller size, or close other programs"
    }

    /// Whether a picture can be encoded and decoded once, without gradients: a few activations of the finest level are
    /// alive at a time.
    /// - Throws: ``EngineFailure`` with the memory it would take when that is more than there is.
    static func checkDecoding(
        _ size: PictureSize,
        _ vqgan: VQGANConfiguration,
        _ device: Device
    ) throws(EngineFailure) {
        let networks = vqgan.ddconfig
        let pixels = Double(size.width) * Double(size.height)
        let perPixel = 5 * 1024 * Double(networks.ch) / 128 / Double(networks.patchSize * networks.patchSize)
        let cells = pixels / Double(vqgan.cellSize * vqgan.cellSize)
        let attention = networks.midAttention ? 2 * 4 * cells * cells : 0
        try check(0.3e9 + pixels * perPixel + attention, for: size, on: device, nil)
    }

    private static func check(
        _ needed: Double,
        for size: PictureSize,
        on device: Device,
        _ limit: UInt64?,
        hint: () -> String = { "use a smaller size" }
    ) throws(EngineFailure) {
        guard let (available, verb) = room(on: device, limit), needed > available else { return }
        throw EngineFailure(
            .memory,
            "a picture of \(size) would take about \(text(needed)) of memory; \(text(available)) \(verb)",
            hint: hint()
        )
    }

    /// Bytes that a run on the device can have, and how to say so; `nil` where nobody knows.
    ///
    /// Of a CUDA device it is all there is: what earlier runs have left with libtorch's allocator is not free, but can be
    /// had again.
    static func room(on device: Device, _ limit: UInt64?) -> (bytes: Double, verb: String)? {
        switch device {
        case .cpu:
            if let limit { return (max(0, Double(limit) - Double(ProcessMemory.resident)), "are left of the limit") }
            return ProcessMemory.available.map { (Double($0), "are free") }
        case .cuda(let index):
            return (try? Runtime.cudaMemory(index).total).map { (Double($0), "is all that \(device) has") }
        }
    }

    private static func text(_ bytes: Double) -> String {
        var value = bytes / Double(1 << 30)
        var unit = "GiB"
        if value >= 1024 { (value, unit) = (value / 1024, "TiB") }
        let digits = value < 10 ? (value * 10).rounded() / 10 : value.rounded()
        return "\(PromptParser.number(digits)) \(unit)"
    }
}
