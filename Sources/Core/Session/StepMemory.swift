import EngineKit
import Torch

/// How a step trades time for memory.
struct StepPlan: Hashable {
    /// Cutouts that CLIP sees at once.
    var microBatch: Int
    /// Levels of the decoder, from the highest resolution down, of which backward computes a part again.
    var recomputedLevels = 0

    /// A plan that takes less memory; `nil` where there is none.
    var thriftier: StepPlan? {
        if recomputedLevels < Self.allLevels {
            return StepPlan(microBatch: microBatch, recomputedLevels: Self.allLevels)
        }
        return microBatch > 1 ? StepPlan(microBatch: microBatch / 2, recomputedLevels: recomputedLevels) : nil
    }

    private static let allLevels = 64
}

/// What a step takes on the CPU beyond the models, from the shapes of the networks.
struct StepMemory {
    /// Cutouts that CLIP sees at once where there is room: more are no faster.
    private static let usualMicroBatch = 16

    /// One by one, normalisations and activations keep their results too.
    private static let oneByOne = 3.0

    /// Floats that backward keeps per pixel of a cutout: its sampling, colours, gates, erasing and noise.
    private static let keptPerPixel = 68.0

    private let vqgan: VQGANConfiguration
    private let clips: [CLIPConfiguration]
    /// Whether layers are computed one by one, so that backward keeps the result of each.
    private let isExact: Bool

    init(_ vqgan: VQGANConfiguration, _ clips: [CLIPConfiguration], isExact: Bool = false) {
        (self.vqgan, self.clips, self.isExact) = (vqgan, clips, isExact)
    }

    /// The fastest plan whose ``bytes(_:_:)`` are within the room, or the thriftiest where none is.
    func plan(_ settings: RunSettings, room: Double) -> StepPlan {
        let (size, levels) = (settings.size, vqgan.ddconfig.chMult.count)
        if settings.microBatch > 0 {
            let own = StepPlan(microBatch: min(settings.microBatch, settings.cuts))
            return bytes(size, own) <= room ? own : StepPlan(microBatch: own.microBatch, recomputedLevels: levels)
        }
        // Computing again changes no bit of the result; other micro-batches change its rounding.
        var plan = StepPlan(microBatch: max(1, min(Self.usualMicroBatch, settings.cuts)))
        while bytes(size, plan) > room, plan.recomputedLevels < levels { plan.recomputedLevels += 1 }
        while bytes(size, plan) > room, plan.microBatch > 1 { plan.microBatch /= 2 }
        return plan
    }

    /// Bytes at the highest point of a step: the decoder's activations and the larger of what CLIP and the decoder's own
    /// backward need beside them.
    func bytes(_ size: PictureSize, _ plan: StepPlan) -> Double {
        let networks = vqgan.ddconfig
        let pixels = Double(size.width * size.height) / Double(networks.patchSize * networks.patchSize)
        var kept = 0.0
        var inputs = networks.channels(networks.chMult.count - 1)
        for level in networks.chMult.indices.reversed() {
            let (outputs, share) = (networks.channels(level), pixels / Double(1 << (2 * level)))
            let isOneByOne = isOneByOne(outputs)
            let inner = recomputes(level, plan) ? 0 : outputs * (networks.numResBlocks + 1)
            let blocks = Double(inputs + outputs * networks.numResBlocks + inner)
            kept += share * blocks * (isOneByOne ? Self.oneByOne : 1)
            inputs = outputs
        }
        kept += pixels * Double(networks.ch) * (isOneByOne(networks.ch) ? Self.oneByOne : 1)
        // Gradients of a block's output, middle and input, and the input's own at its side.
        let backward = 4 * pixels * Double(networks.ch)
        let cutouts =
            clips.map { clip in
                let pixels = Double(clip.imageResolution * clip.imageResolution)
                let together = ImageGradient.cutoutsKept(plan.microBatch, resolution: clip.imageResolution)
                return perCutout(clip) * Double(plan.microBatch) + Self.keptPerPixel * pixels * Double(together)
            }.max() ?? 0
        return 4 * (kept + max(backward, cutouts)) + attention(size)
    }

    /// Whether backward computes a part of the level again.
    func recomputes(_ level: Int, _ plan: StepPlan) -> Bool {
        level < plan.recomputedLevels && !isOneByOne(vqgan.ddconfig.channels(level))
    }

    private func isOneByOne(_ channels: Int) -> Bool { isExact || channels < FrozenLayers.fewestChannels }

    /// Floats that a CLIP keeps of one cutout.
    private func perCutout(_ clip: CLIPConfiguration) -> Double {
        let pixels = Double(clip.imageResolution * clip.imageResolution)
        let (width, patch) = (Double(clip.vision.widths[0]), Double(clip.vision.patchSize ?? 32))
        switch clip.vision.kind {
        case .transformer:
            // Per token and block: input, query, key, value, mixed, middle and the four times wider part.
            let tokens = pixels / (patch * patch) + 1
            let perBlock: Double = isExact ? 20 : 10
            return tokens * width * (perBlock * Double(clip.vision.layers.first ?? 12) + 16) + 12 * pixels
        case .resNet, .convnet:
            return 160 * pixels
        }
    }

    /// Attention over the cells of the latent keeps its inputs and, while it works, a part of the weights.
    private func attention(_ size: PictureSize) -> Double {
        guard vqgan.ddconfig.midAttention else { return 0 }
        let cells = Double(size.width * size.height) / Double(vqgan.cellSize * vqgan.cellSize)
        return 4 * cells * Double(vqgan.ddconfig.channels(vqgan.ddconfig.chMult.count - 1)) * 24
    }
}
