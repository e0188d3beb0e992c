import Torch

/// The built-in pair's image tower: a small residual network, pooled by attention. Its batch normalisation is usually
/// folded into the convolutions; while it is trained, it stands behind them. [N, 3, R, R] → [N, embedding].
///
/// The stem halves the picture twice, and every stage but the first halves it again.
struct ImageConvnet: ImageTower {
    /// Two 3×3 convolutions around a shortcut: [N, inputs, H, W] → [N, outputs, H, W].
    private struct Block {
        let conv1: Convolution
        let conv2: Convolution
        let shortcut: Convolution?
        let activation: CLIPConfiguration.Activation

        init(_ w: Weights, _ inputs: Int, _ outputs: Int, _ vision: CLIPConfiguration.Vision) throws(WeightsError) {
            conv1 = try Convolution(w, "conv1", inputs, outputs, kernel: 3, vision)
            conv2 = try Convolution(w, "conv2", outputs, outputs, kernel: 3, vision)
            shortcut =
                inputs == outputs ? nil : try Convolution(w, "downsample", inputs, outputs, kernel: 1, vision)
            activation = vision.activation
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let h = try conv2(activation(conv1(x)))
            let skip = if let shortcut { try shortcut(x) } else { x }
            return try activation(h + skip)
        }
    }

    /// A convolution and, where it is not folded in, the normalisation after it: `conv1` and `conv1_bn`.
    private struct Convolution {
        let conv: Conv2d
        let norm: BatchNorm2d?

        init(
            _ w: Weights,
            _ name: String,
            _ inputs: Int,
            _ outputs: Int,
            kernel: Int,
            stride: Int = 1,
            _ vision: CLIPConfiguration.Vision
        ) throws(WeightsError) {
            conv = try Conv2d(
                w / name,
                inputs,
                outputs,
                kernel: kernel,
                stride: stride,
                padding: kernel / 2,
                hasBias: !vision.batchNorm
            )
            norm = vision.batchNorm ? try BatchNorm2d(w / "\(name)_bn", channels: outputs) : nil
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let h = try conv(x)
            return if let norm { try norm(h) } else { h }
        }
    }

    private let stem1: Convolution
    private let stem2: Convolution
    private let stages: [[Block]]
    private let pool: AttentionPool
    private let activation: CLIPConfiguration.Activation

    init(_ w: Weights, _ configuration: CLIPConfiguration) throws(WeightsError) {
        let vision = configuration.vision
        activation = vision.activation
        stem1 = try Convolution(w / "stem", "conv1", 3, vision.widths[0], kernel: 3, stride: 2, vision)
        stem2 = try Convolution(w / "stem", "conv2", vision.widths[0], vision.widths[1], kernel: 3, vision)
        var channels = vision.widths[1]
        var stages: [[Block]] = []
        for (index, outputs) in vision.widths.dropFirst(2).enumerated() {
            let place = w / "layer\(index + 1)"
            var blocks: [Block] = []
            let count = index < vision.layers.count ? vision.layers[index] : place.childCount
            for number in 0..<max(1, count) {
                blocks.append(try Block(place / number, channels, outputs, vision))
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

    func stages(_ x: Tensor) throws(TorchError) -> [Tensor] {
        var h = try activation(stem2(activation(stem1(x)))).averagePooled(2)
        var maps = [h]
        for (index, stage) in stages.enumerated() {
            if index > 0 { h = try h.averagePooled(2) }
            for block in stage { h = try block(h) }
            maps.append(h)
        }
        return maps
    }

    func features(ofLastStage stage: Tensor) throws(TorchError) -> Tensor { try pool(stage) }
}
