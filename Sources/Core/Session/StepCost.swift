import EngineKit

/// Counts the work and the memory of a step with the models that are loaded.
///
/// Memory is the highest of two moments, both with everything that the decoder keeps for its backward: the backward of
/// a micro-batch of cutouts through a CLIP, and the decoder's own. Constants that no shape gives were measured and say
/// of what.
struct StepCost: StepWorkCounting {
    let vqgan: VQGANConfiguration
    let clips: [CLIPConfiguration]
    /// Bytes that the process, or the GPU, holds with the models loaded and without a run.
    let baseBytes: Double
    /// Whether layers are computed jointly and keep less.
    var isJoint = false

    private static let usualMicroBatch = 16
    /// Code and buffers of libtorch that are first touched by a step.
    private static let firstTouched = 60.0 * 1_048_576
    /// Floats that backward keeps per pixel of a cutout: its sampling, the gates, erasing and noise.
    private static let keptPerPixel = 14.0
    /// The same for brightness, contrast, saturation and hue.
    private static let keptByColour = 54.0

    func work(of settings: RunSettings) -> StepWork {
        let size = rounded(settings.size)
        let decoder = vqgan.decoder(size, isJoint: isJoint)
        let cuts = Double(settings.cuts)
        let microBatch = Double(
            min(settings.microBatch > 0 ? settings.microBatch : Self.usualMicroBatch, settings.cuts)
        )
        var looking = 0.0
        var cutting = 0.0
        var seeing = 0.0
        for clip in clips {
            let tower = clip.tower(isJoint: isJoint)
            let pixels = Double(clip.imageResolution * clip.imageResolution)
            looking += tower.operations * cuts
            cutting += pixels * cuts
            seeing = max(seeing, microBatch * (tower.kept + tower.widest + pixels * kept(by: settings)))
        }
        let peak = baseBytes + Self.firstTouched + 4 * (decoder.kept + max(seeing, decoder.widest))
        return StepWork(decoding: decoder.operations, cutting: cutting, looking: looking, peakBytes: peak)
    }

    private func kept(by settings: RunSettings) -> Double {
        let hasColour = CutoutRecipe(settings).steps.contains { if case .jitter = $0.kind { true } else { false } }
        return Self.keptPerPixel + (hasColour ? Self.keptByColour : 0)
    }

    private func rounded(_ size: PictureSize) -> PictureSize {
        let cell = vqgan.cellSize
        return PictureSize(max(1, size.width / cell) * cell, max(1, size.height / cell) * cell)
    }
}
