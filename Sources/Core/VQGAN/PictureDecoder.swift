import Torch

/// taming `Decoder`: [N, zChannels, h, w] → a picture [N, 3, h · cell, w · cell] in about -1…1.
struct PictureDecoder {
    private let patchSize: Int
    private let convIn: Conv2d
    private let middle: MiddleBlocks
    /// From the lowest resolution to the highest.
    private let levels: [LevelBlocks]
    /// After every level but the last: a convolution on the picture enlarged twice.
    private let upsamples: [Conv2d]
    private let normOut: GroupNorm
    private let convOut: Conv2d

    init(_ w: Weights, _ networks: VQGANConfiguration.Networks) throws(WeightsError) {
        patchSize = networks.patchSize
        var channels = networks.channels(networks.chMult.count - 1)
        convIn = try Conv2d(w / "conv_in", networks.zChannels, channels, kernel: 3, padding: 1)
        middle = try MiddleBlocks(w / "mid", channels, networks)
        var levels: [LevelBlocks] = []
        var upsamples: [Conv2d] = []
        for level in networks.chMult.indices.reversed() {
            let (place, outputs) = (w / "up" / level, networks.channels(level))
            levels.append(
                try LevelBlocks(
                    place,
                    channels,
                    outputs,
                    count: networks.numResBlocks + 1,
                    attends: networks.attends(level),
                    networks
                )
            )
            channels = outputs
            if level > 0 {
                upsamples.append(
                    try Conv2d(place / "upsample" / "conv", channels, channels, kernel: 3, padding: 1)
                )
            }
        }
        self.levels = levels
        self.upsamples = upsamples
        normOut = try (w / "norm_out").groupNorm(channels, networks)
        convOut = try Conv2d(
            w / "conv_out",
            channels,
            networks.pictureChannels(networks.outCh),
            kernel: 3,
            padding: 1
        )
    }

    /// - Parameter recomputedLevels: how many levels, from the highest resolution down, are partly computed again in
    ///   backward instead of kept.
    func callAsFunction(_ z: Tensor, recomputedLevels: Int = 0) throws(TorchError) -> Tensor {
        var h = try middle(convIn(z))
        for (index, level) in levels.enumerated() {
            h = try level(h, isRecomputed: index >= levels.count - recomputedLevels)
            if index < upsamples.count { h = try upsamples[index].enlarging(h) }
        }
        let picture = try output(h)
        return patchSize == 1 ? picture : try picture.pixelShuffled(patchSize)
    }

    private func output(_ h: Tensor) throws(TorchError) -> Tensor {
        if let joint = try h.normalizedConvolution(normOut, convOut) { return joint }
        return try convOut(normOut(h).silu())
    }
}
