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
        let side = Double(models.clip.resolution)
        let perCut = side * side * 640
        return 0.3e9 + pixels * perPixel + attention + perCut * Double(microBatch)
    }

    /// - Throws: ``EngineFailure`` with the memory it would take when that is more than there is.
    static func check(_ size: PictureSize, _ models: ModelPair, microBatch: Int) throws(EngineFailure) {
        guard let available = available(on: models.device) else { return }
        let needed = bytes(size, models, microBatch: microBatch)
        guard needed > Double(available) else { return }
        throw EngineFailure(
            .memory,
            "a picture of \(size) would take about \(text(needed)) of memory; \(text(Double(available))) are free",
            hint: "use a smaller size"
        )
    }

    /// Bytes that a run on the device can have; `nil` where nobody says.
    private static func available(on device: Device) -> UInt64? {
        switch device {
        case .cpu: ProcessMemory.available
        case .cuda(let index): try? Runtime.cudaMemory(index).free
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
