import EngineKit
import Torch

/// A rough figure of the memory that a run takes at its peak, good enough to refuse what cannot fit.
enum MemoryEstimate {
    /// Bytes for a picture of the size with the models given.
    ///
    /// The standard f=16 decoder of 128 channels takes 24 KiB per pixel for its activations; others scale with their
    /// channels, folded over the pixels of a patch. Attention in the middle is quadratic in latent cells.
    static func bytes(_ size: PictureSize, _ models: ModelPair, microBatch: Int) -> Double {
        let networks = models.vqgan.configuration.ddconfig
        let pixels = Double(size.width) * Double(size.height)
        let perPixel = 24 * 1024 * Double(networks.ch) / 128 / Double(networks.patchSize * networks.patchSize)
        let cells = pixels / Double(models.vqgan.cellSize * models.vqgan.cellSize)
        let attention = networks.midAttention ? 3 * 4 * cells * cells : 0
        let side = Double(models.clips.resolutions.max() ?? 0)
        let perCut = side * side * 640
        return 0.3e9 + pixels * perPixel + attention + perCut * Double(microBatch)
    }

    /// - Throws: ``EngineFailure`` with the memory it would take when that is more than there is.
    static func check(_ size: PictureSize, _ models: ModelPair, microBatch: Int) throws(EngineFailure) {
        try check(bytes(size, models, microBatch: microBatch), for: size, on: models.device)
    }

    /// The same for encoding and decoding a picture once, without gradients: a few activations of the finest level are
    /// alive at a time.
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
        try check(0.3e9 + pixels * perPixel + attention, for: size, on: device)
    }

    private static func check(_ needed: Double, for size: PictureSize, on device: Device) throws(EngineFailure) {
        guard let (available, verb) = room(on: device), needed > Double(available) else { return }
        throw EngineFailure(
            .memory,
            "a picture of \(size) would take about \(text(needed)) of memory; \(text(Double(available))) \(verb)",
            hint: "use a smaller size"
        )
    }

    /// Bytes that a run on the device can have, and how to say so; `nil` where nobody knows.
    ///
    /// Of a CUDA device it is all there is: what earlier runs have left with libtorch's allocator is not free, but can be
    /// had again.
    private static func room(on device: Device) -> (bytes: UInt64, verb: String)? {
        switch device {
        case .cpu: ProcessMemory.available.map { ($0, "are free") }
        case .cuda(let index): (try? Runtime.cudaMemory(index).total).map { ($0, "is all that \(device) has") }
        }
    }

    private static func text(_ bytes: Double) -> String {
        var value = bytes / Double(1 << 30)
        var unit = "GiB"
        if value >= 10_000 { (value, unit) = (value / 1024, "TiB") }
        let digits = value < 10 ? (value * 10).rounded() / 10 : value.rounded()
        return "\(PromptParser.number(digits)) \(unit)"
    }
}
