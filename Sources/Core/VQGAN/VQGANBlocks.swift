import Torch

extension Weights {
    /// A group normalisation of so many channels with the groups of a VQGAN's configuration.
    func groupNorm(_ channels: Int, _ networks: VQGANConfiguration.Networks) throws(WeightsError) -> GroupNorm {
        let groups = networks.normGroups.count(channels: channels)
        guard groups > 0, channels % groups == 0 else {
            throw .file(
                path: path,
                problem: "has \(channels) channels, which \(groups) normalisation groups cannot share"
            )
        }
        return try GroupNorm(self, channels: channels, groups: groups, epsilon: networks.normEps)
    }
}

/// taming `ResnetBlock`: [N, inputs, H, W] → [N, outputs, H, W].
struct ResnetBlock {
    let norm1: GroupNorm
    let conv1: Conv2d
    let norm2: GroupNorm
    let conv2: Conv2d
    /// A 1×1 convolution where the channels change.
    let shortcut: Conv2d?

    init(
        _ w: Weights,
        _ inputs: Int,
        _ outputs: Int,
        _ networks: VQGANConfiguration.Networks
    ) throws(WeightsError) {
        norm1 = try (w / "norm1").groupNorm(inputs, networks)
        conv1 = try Conv2d(w / "conv1", inputs, outputs, kernel: 3, padding: 1)
        norm2 = try (w / "norm2").groupNorm(outputs, networks)
        conv2 = try Conv2d(w / "conv2", outputs, outputs, kernel: 3, padding: 1)
        shortcut = inputs == outputs ? nil : try Conv2d(w / "nin_shortcut", inputs, outputs, kernel: 1)
    }

    /// - Parameter isRecomputed: keeps half as much for backward, which then takes longer.
    func callAsFunction(_ x: Tensor, isRecomputed: Bool = false) throws(TorchError) -> Tensor {
        let joint = try x.residualBlock(norm1, conv1, norm2, conv2, shortcut: shortcut, isRecomputed: isRecomputed)
        if let joint { return joint }
        let h = try conv2(norm2(conv1(norm1(x).silu())).silu())
        return if let shortcut { try shortcut(x) + h } else { try x + h }
    }
}

/// taming `AttnBlock`: single-head self-attention over the cells of [N, C, H, W]. Memory grows with (H · W)².
struct AttentionBlock {
    let norm: GroupNorm
    let query: Conv2d
    let key: Conv2d
    let value: Conv2d
    let output: Conv2d

    init(_ w: Weights, _ channels: Int, _ networks: VQGANConfiguration.Networks) throws(WeightsError) {
        norm = try (w / "norm").groupNorm(channels, networks)
        query = try Conv2d(w / "q", channels, channels, kernel: 1)
        key = try Conv2d(w / "k", channels, channels, kernel: 1)
        value = try Conv2d(w / "v", channels, channels, kernel: 1)
        output = try Conv2d(w / "proj_out", channels, channels, kernel: 1)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let shape = x.shape
        /// A 1 × 1 convolution of cells that are rows, [N, 1, H · W, C].
        func apply(_ layer: Conv2d, _ rows: Tensor) throws(TorchError) -> Tensor {
            try rows.linear(layer.weight.reshaped([shape[1], shape[1]]), layer.bias)
        }
        let h = try norm(x).permuted(0, 2, 3, 1).reshaped([shape[0], 1, shape[2] * shape[3], shape[1]])
        let mixed = try apply(query, h).attention(key: apply(key, h), value: apply(value, h))
        let rows = try apply(output, mixed).reshaped([shape[0], shape[2], shape[3], shape[1]])
        return try x + rows.permuted(0, 3, 1, 2)
    }
}

/// The middle of both networks, at the lowest resolution: block, attention, block on [N, C, h, w].
struct MiddleBlocks {
    let block1: ResnetBlock
    let attention: AttentionBlock?
    let block2: ResnetBlock

    init(_ w: Weights, _ channels: Int, _ networks: VQGANConfiguration.Networks) throws(WeightsError) {
        block1 = try ResnetBlock(w / "block_1", channels, channels, networks)
        attention = networks.midAttention ? try AttentionBlock(w / "attn_1", channels, networks) : nil
        block2 = try ResnetBlock(w / "block_2", channels, channels, networks)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        var h = try block1(x)
        if let attention { h = try attention(h) }
        return try block2(h)
    }
}

/// The blocks of one resolution, each followed by attention where the configuration asks for it:
/// [N, inputs, H, W] → [N, outputs, H, W].
struct LevelBlocks {
    let blocks: [ResnetBlock]
    /// As many as there are blocks, or none.
    let attention: [AttentionBlock]

    init(
        _ w: Weights,
        _ inputs: Int,
        _ outputs: Int,
        count: Int,
        attends: Bool,
        _ networks: VQGANConfiguration.Networks
    ) throws(WeightsError) {
        var blocks: [ResnetBlock] = []
        var attention: [AttentionBlock] = []
        for index in 0..<count {
            blocks.append(try ResnetBlock(w / "block" / index, index == 0 ? inputs : outputs, outputs, networks))
            if attends { attention.append(try AttentionBlock(w / "attn" / index, outputs, networks)) }
        }
        self.blocks = blocks
        self.attention = attention
    }

    /// - Parameter isRecomputed: keeps less of the blocks for backward, which then takes longer.
    func callAsFunction(_ x: Tensor, isRecomputed: Bool = false) throws(TorchError) -> Tensor {
        var h = x
        for (index, block) in blocks.enumerated() {
            h = try block(h, isRecomputed: isRecomputed)
            if index < attention.count { h = try attention[index](h) }
        }
        return h
    }
}
