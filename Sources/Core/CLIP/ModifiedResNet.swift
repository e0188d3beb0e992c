import Torch

/// OpenAI CLIP's `ModifiedResNet`: three convolutions and a pool as stem, average pools instead of strides, attention
/// instead of global pooling. [N, 3, R, R] → [N, embedding].
struct ModifiedResNet: ImageTower {
    /// 1×1, 3×3, 1×1 convolutions around a shortcut; halves the picture by pooling where `stride` is 2.
    /// [N, inputs, H, W] → [N, 4 · planes, H / stride, W / stride].
    private struct Bottleneck {
        let conv1: NormalizedConv
        let conv2: NormalizedConv
        let conv3: NormalizedConv
        let shortcut: NormalizedConv?
        let stride: Int

        init(_ w: Weights, _ inputs: Int, planes: Int, stride: Int) throws(WeightsError) {
            conv1 = try NormalizedConv(w / "conv1", w / "bn1", inputs, planes, kernel: 1)
            conv2 = try NormalizedConv(w / "conv2", w / "bn2", planes, planes, kernel: 3)
            conv3 = try NormalizedConv(w / "conv3", w / "bn3", planes, planes * 4, kernel: 1)
            let place = w / "downsample"
            shortcut =
                stride > 1 || inputs != planes * 4
                ? try NormalizedConv(place / "0", place / "1", inputs, planes * 4, kernel: 1) : nil
            self.stride = stride
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            let h = try conv3(pooled(conv2(conv1(x).relu()).relu()))
            let skip = if let shortcut { try shortcut(pooled(x)) } else { x }
            return try (h + skip).relu()
        }

        private func pooled(_ x: Tensor) throws(TorchError) -> Tensor { stride == 1 ? x : try x.averagePooled(stride) }
    }

    /// A convolution without bias and the normalisation after it.
    private struct NormalizedConv {
        let conv: Conv2d
        let norm: BatchNorm2d

        init(
            _ conv: Weights,
            _ norm: Weights,
            _ inputs: Int,
            _ outputs: Int,
            kernel: Int,
            stride: Int = 1
        ) throws(WeightsError) {
            self.conv = try Conv2d(
                conv,
                inputs,
                outputs,
                kernel: kernel,
                stride: stride,
                padding: kernel / 2,
                hasBias: false
            )
            self.norm = try BatchNorm2d(norm, channels: outputs)
            norm.ignore("num_batches_tracked")
        }

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try norm(conv(x)) }
    }

    private let stem: [NormalizedConv]
    private let blocks: [[Bottleneck]]
    private let pool: AttentionPool

    init(_ w: Weights, _ configuration: CLIPConfiguration) throws(WeightsError) {
        let vision = configuration.vision
        let width = vision.widths[0]
        stem = [
            try NormalizedConv(w / "conv1", w / "bn1", 3, width / 2, kernel: 3, stride: 2),
            try NormalizedConv(w / "conv2", w / "bn2", width / 2, width / 2, kernel: 3),
            try NormalizedConv(w / "conv3", w / "bn3", width / 2, width, kernel: 3),
        ]
        var channels = width
        var blocks: [[Bottleneck]] = []
        for (stage, count) in vision.layers.enumerated() {
            let planes = width << stage
            var row: [Bottleneck] = []
            for index in 0..<count {
                let stride = stage > 0 && index == 0 ? 2 : 1
                row.append(
                    try Bottleneck(w / "layer\(stage + 1)" / index, channels, planes: planes, stride: stride)
                )
                channels = planes * 4
            }
            blocks.append(row)
        }
        self.blocks = blocks
        pool = try AttentionPool(
            w / "attnpool",
            width: channels,
            side: configuration.imageResolution / 32,
            heads: vision.heads,
            outputs: configuration.embedDim
        )
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        var h = x
        for convolution in stem { h = try convolution(h).relu() }
        h = try h.averagePooled(2)
        for block in blocks.joined() { h = try block(h) }
        return try pool(h)
    }

    func stages(_ x: Tensor) throws(TorchError) -> [Tensor] {
        var h = x
        for convolution in stem { h = try convolution(h).relu() }
        var maps = [try h.averagePooled(2)]
        for row in blocks {
            h = maps[maps.count - 1]
            for block in row { h = try block(h) }
            maps.append(h)
        }
        return maps
    }

    func features(ofLastStage stage: Tensor) throws(TorchError) -> Tensor { try pool(stage) }
}
