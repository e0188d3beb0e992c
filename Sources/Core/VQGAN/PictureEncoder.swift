import Torch

/// taming `Encoder`: a picture [N, 3, H, W] in -1…1 → [N, zChannels, H / cell, W / cell] (twice the channels with
/// `doubleZ`).
struct PictureEncoder {
    private let patchSize: Int
    private let convIn: Conv2d
    private let levels: [LevelBlocks]
    /// After every level but the last: stride 2, the picture padded by one at its right and bottom edges only.
    private let downsamples: [Conv2d]
    private let middle: MiddleBlocks
    private let normOut: GroupNorm
    private let convOut: Conv2d

    init(_ w: Weights, _ networks: VQGANConfiguration.Networks) throws(WeightsError) {
        patchSize = networks.patchSize
        convIn = try Conv2d(
            w / "conv_in",
            networks.pictureChannels(networks.inChannels),
            networks.ch,
            kernel: 3,
            padding: 1
        )
        var levels: [LevelBlocks] = []
        var downsamples: [Conv2d] = []
        var channels = networks.ch
        for level in networks.chMult.indices {
            let (place, outputs) = (w / "down" / level, networks.channels(level))
            levels.append(
                try LevelBlocks(
                    place,
                    channels,
                    outputs,
                    count: networks.numResBlocks,
                    attends: networks.attends(level),
                    networks
                )
            )
            channels = outputs
            if level < networks.chMult.count - 1 {
                downsamples.append(try Conv2d(place / "downsample" / "conv", channels, channels, kernel: 3, stride: 2))
            }
        }
        self.levels = levels
        self.downsamples = downsamples
        middle = try MiddleBlocks(w / "mid", channels, networks)
        normOut = try (w / "norm_out").groupNorm(channels, networks)
        let outputs = networks.zChannels * (networks.doubleZ ? 2 : 1)
        convOut = try Conv2d(w / "conv_out", channels, outputs, kernel: 3, padding: 1)
    }

    func callAsFunction(_ picture: Tensor) throws(TorchError) -> Tensor {
        var h = try convIn(patchSize == 1 ? picture : picture.pixelUnshuffled(patchSize))
        for (index, level) in levels.enumerated() {
            h = try level(h)
            if index < downsamples.count { h = try downsamples[index](h.padded([0, 1, 0, 1])) }
        }
        return try convOut(normOut(middle(h)).silu())
    }
}
