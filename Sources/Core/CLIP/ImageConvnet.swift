import Torch

/// The built-in pair's image tower: a small residual network with its batch normalisation folded into the
/// convolutions, pooled by attention. [N, 3, R, R] → [N, embedding].
///
/// The stem halves the picture twice, and every stage but the first halves it again.
struct ImageConvnet: ImageTower {
    /// Two 3×3 convolutions around a shortcut: [N, inputs, H, W] → [N, outputs, H, W].
    private struct Block {
        let conv1: Conv2d
        let conv2: Conv2d
        let shortcut: Conv2d?
        let activation: CLIPConfiguration.Activation

        init(
            _ w: Weights,
            _ inputs: Int,
            _ outputs: Int,
            _ activation: CLIPConfiguration.Activation
        ) throws(WeightsError) {
            conv1 = try Conv2d(w / "conv1", inputs, outputs, kernel: 3, padding: 1)
            conv2 = try Conv2d(w / "conv2", outputs, outputs, kernel: 3, padding: 1)
            shortcut = inputs == outputs ? nil : try Conv2d(w / "downsample", inputs, outputs, kernel: 1)
            self.activation = activation
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let h = try conv2(activation(conv1(x)))
            let skip = if let shortcut { try shortcut(x) } else { x }
            return try activation(h + skip)
        }
    }

    private let stem1: Conv2d
    private let stem2: Conv2d
    private let stages: [[Block]]
    private let pool: AttentionPool
    private let activation: CLIPConfiguration.Activation

    init(_ w: Weights, _ configuration: CLIPConfiguration) throws(WeightsError) {
        let vision = configuration.vision
        activation = vision.activation
        stem1 = try Conv2d(w / "stem" / "conv1", 3, vision.widths[0], kernel: 3, stride: 2, padding: 1)
        stem2 = try Conv2d(w / "stem" / "conv2", vision.widths[0], vision.widths[1], kernel: 3, padding: 1)
        var channels = vision.widths[1]
        var stages: [[Block]] = []
        for (index, outputs) in vision.widths.dropFirst(2).enumerated() {
            let place = w / "layer\(index + 1)"
            var blocks: [Block] = []
            for number in 0..<max(1, place.childCount) {
                blocks.append(try Block(place / number, channels, outputs, activation))
                channels = outputs
            }
            stages.append(blocks)
        }
        self.stages = stages
        pool = try AttentionPool(
            w / "attnpool",
            width: channels,
            side: configuration.imageResolution >> (stages.count + 1),
            heads: vision.heads,
            outputs: configuration.embedDim
        )
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        var h = try activation(stem2(activation(stem1(x))))
        for stage in stages {
            h = try h.averagePooled(2)
            for block in stage { h = try block(h) }
        }
        return try pool(h)
    }
}
