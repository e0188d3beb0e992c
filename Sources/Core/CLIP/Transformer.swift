import Torch

/// PyTorch's `nn.MultiheadAttention` from a sequence to itself: [N, T, width] → [N, T, width]. The three input
/// projections are fused in one matrix, as in OpenAI's files.
struct SelfAttention {
    private let inputWeight: Tensor
    private let inputBias: Tensor
    private let output: Linear
    private let heads: Int
    private let isCausal: Bool

    init(_ w: Weights, width: Int, heads: Int, isCausal: Bool) throws(WeightsError) {
        inputWeight = try w.tensor("in_proj_weight", [3 * width, width])
        inputBias = try w.tensor("in_proj_bias", [3 * width])
        output = try Linear(w / "out_proj", width, width)
        self.heads = heads
        self.isCausal = isCausal
    }

    /// What ``Tensor/transformerBlock`` needs of this half.
    var parts: (weight: Tensor, bias: Tensor, output: Linear, heads: Int)? {
        isCausal ? nil : (inputWeight, inputBias, output, heads)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let shape = x.shape
        let joint = try x.linear(inputWeight, inputBias)
            .reshaped([shape[0], shape[1], 3, heads, shape[2] / heads])
            .permuted(2, 0, 3, 1, 4)
        /// [N, heads, T, width / heads].
        func part(_ index: Int) throws(TorchError) -> Tensor {
            try joint.slice(0, from: index, length: 1).reshaped([shape[0], heads, shape[1], shape[2] / heads])
        }
        let mixed = try part(0).attention(key: part(1), value: part(2), isCausal: isCausal)
        return try output(mixed.transposed(1, 2).reshaped(shape))
    }
}

/// OpenAI CLIP's `ResidualAttentionBlock`: [N, T, width] → [N, T, width], normalised before each half.
struct ResidualAttentionBlock {
    private let norm1: LayerNorm
    private let attention: SelfAttention
    private let norm2: LayerNorm
    private let expand: Linear
    private let contract: Linear
    private let activation: CLIPConfiguration.Activation

    init(
        _ w: Weights,
        width: Int,
        heads: Int,
        isCausal: Bool,
        _ activation: CLIPConfiguration.Activation,
        epsilon: Double
    ) throws(WeightsError) {
        norm1 = try LayerNorm(w / "ln_1", width: width, epsilon: epsilon)
        attention = try SelfAttention(w / "attn", width: width, heads: heads, isCausal: isCausal)
        norm2 = try LayerNorm(w / "ln_2", width: width, epsilon: epsilon)
        expand = try Linear(w / "mlp" / "c_fc", width, 4 * width)
        contract = try Linear(w / "mlp" / "c_proj", 4 * width, width)
        self.activation = activation
    }

    /// - Parameter queries: how many of the first tokens to compute; 0 for all.
    func callAsFunction(_ x: Tensor, queries: Int = 0) throws(TorchError) -> Tensor {
        if let joint = try joint(x, queries) { return joint }
        let h = try x + attention(norm1(x))
        let result = try h + contract(activation(expand(norm2(h))))
        return queries == 0 ? result : try result.slice(1, from: 0, length: queries)
    }

    private func joint(_ x: Tensor, _ queries: Int) throws(TorchError) -> Tensor? {
        guard activation != .silu, let (weight, bias, output, heads) = attention.parts else { return nil }
        return try x.transformerBlock(
            norm1,
            inputWeight: weight,
            inputBias: bias,
            output: output,
            norm2,
            expand: expand,
            contract: contract,
            heads: heads,
            isQuickGELU: activation == .quickGelu,
            queries: queries
        )
    }
}

/// A stack of blocks below `resblocks`: [N, T, width] → [N, T, width].
struct Transformer {
    private let blocks: [ResidualAttentionBlock]

    init(
        _ w: Weights,
        width: Int,
        heads: Int,
        layers: Int,
        isCausal: Bool,
        _ activation: CLIPConfiguration.Activation,
        epsilon: Double
    ) throws(WeightsError) {
        guard heads > 0, width % heads == 0 else {
            throw .file(path: w.path, problem: "has a transformer of width \(width), which \(heads) heads cannot share")
        }
        var blocks: [ResidualAttentionBlock] = []
        for index in 0..<layers {
            blocks.append(
                try ResidualAttentionBlock(
                    w / "resblocks" / index,
                    width: width,
                    heads: heads,
                    isCausal: isCausal,
                    activation,
                    epsilon: epsilon
                )
            )
        }
        self.blocks = blocks
    }

    /// - Parameter queries: how many of the first tokens to compute in the last block; 0 for all.
    func callAsFunction(_ x: Tensor, queries: Int = 0) throws(TorchError) -> Tensor {
        var h = x
        for (index, block) in blocks.enumerated() { h = try block(h, queries: index == blocks.count - 1 ? queries : 0) }
        return h
    }

    /// What comes out of each block.
    func outputs(_ x: Tensor) throws(TorchError) -> [Tensor] {
        var h = x
        var outputs: [Tensor] = []
        for block in blocks {
            h = try block(h)
            outputs.append(h)
        }
        return outputs
    }
}
