import EngineKit

/// Counts the work and the memory of a step with the models that are loaded.
struct StepCost: StepWorkCounting {
    /// Code and buffers of libtorch that are first touched by a step, in bytes.
    private static let firstTouched = 60.0 * 1_048_576

    let vqgan: VQGANConfiguration
    let clips: [CLIPConfiguration]
    let isExact: Bool
    /// Bytes that the process, or the GPU, holds with the models loaded and without a run.
    let baseBytes: Double
    /// Bytes that a step may take beside them.
    let room: Double

    func work(of settings: RunSettings) -> StepWork {
        var settings = settings
        let cell = vqgan.cellSize
        settings.size = PictureSize(
            max(1, settings.size.width / cell) * cell,
            max(1, settings.size.height / cell) * cell
        )
        let memory = StepMemory(vqgan, clips, isExact: isExact)
        let plan = memory.plan(settings, room: room)
        let decoding = vqgan.decoderOperations(settings.size)
        let cuts = Double(settings.cuts)
        return StepWork(
            decoding: decoding.reduce(0, +),
            // Of each block the first half.
            decodingAgain: decoding.indices.reduce(0) { $0 + (memory.recomputes($1, plan) ? decoding[$1] / 2 : 0) },
            cutting: clips.reduce(0) { $0 + Double($1.imageResolution * $1.imageResolution) } * cuts,
            looking: clips.reduce(0) { $0 + $1.towerOperations } * cuts,
            peakBytes: baseBytes + Self.firstTouched + memory.bytes(settings.size, plan)
        )
    }
}
