internal import CTorch

// Several layers as one, computed faster and with less memory than one by one. Each is `nil` where it is not to be had:
// on other devices than the CPU, while weights are trained, for sizes that do not suit, and with
// ``Runtime/setExact(_:)``. The single layers then say what is computed.

/// What those layers are for.
public enum FrozenLayers {
    /// Convolutions of fewer channels in are left to libtorch; `fewest_inputs` in winograd.cpp.
    public static let fewestChannels = 64
}

extension Tensor {
    /// `convolution(norm(self).silu())`, the convolution being 3 × 3 with padding 1.
    public func normalizedConvolution(_ norm: GroupNorm, _ convolution: Conv2d) throws(TorchError) -> Tensor? {
        guard let layer = CTNormalizedConvolution(norm, convolution) else { return nil }
        return try makeOptionalTensor { ct_normalized_convolution(handle, layer, $0) }
    }

    /// Two normalised convolutions in a row, plus `self` or a 1 × 1 convolution of it.
    /// - Parameter isRecomputed: keeps half as much for backward, which then takes a quarter longer.
    public func residualBlock(
        _ norm1: GroupNorm,
        _ convolution1: Conv2d,
        _ norm2: GroupNorm,
        _ convolution2: Conv2d,
        shortcut: Conv2d?,
        isRecomputed: Bool
    ) throws(TorchError) -> Tensor? {
        guard let first = CTNormalizedConvolution(norm1, convolution1),
            let second = CTNormalizedConvolution(norm2, convolution2)
        else { return nil }
        let (weight, bias) = ((shortcut?.weight).shimHandle, (shortcut?.bias).shimHandle)
        return try makeOptionalTensor { ct_residual_block(handle, first, second, weight, bias, isRecomputed, $0) }
    }

    /// OpenAI CLIP's residual block without a mask, [N, T, width] → [N, queries, width].
    /// - Parameter queries: how many of the first tokens to compute; 0 for all.
    public func transformerBlock(
        _ norm1: LayerNorm,
        inputWeight: Tensor,
        inputBias: Tensor,
        output: Linear,
        _ norm2: LayerNorm,
        expand: Linear,
        contract: Linear,
        heads: Int,
        isQuickGELU: Bool,
        queries: Int
    ) throws(TorchError) -> Tensor? {
        guard let outputBias = output.bias, let expandBias = expand.bias, let contractBias = contract.bias,
            norm1.epsilon == norm2.epsilon
        else { return nil }
        let block = CTTransformerBlock(
            norm1_weight: norm1.weight.handle,
            norm1_bias: norm1.bias.handle,
            input_weight: inputWeight.handle,
            input_bias: inputBias.handle,
            output_weight: output.weight.handle,
            output_bias: outputBias.handle,
            norm2_weight: norm2.weight.handle,
            norm2_bias: norm2.bias.handle,
            expand_weight: expand.weight.handle,
            expand_bias: expandBias.handle,
            contract_weight: contract.weight.handle,
            contract_bias: contractBias.handle,
            heads: Int64(heads),
            epsilon: norm1.epsilon,
            activation: CTUnary(isQuickGELU ? CT_QUICK_GELU : CT_GELU)
        )
        return try makeOptionalTensor { ct_transformer_block(handle, block, Int64(queries), $0) }
    }

    /// A 3 × 3 convolution with padding 1 of this picture enlarged twice, every pixel to 2 × 2.
    func enlargedConv2d(_ weight: Tensor, _ bias: Tensor?) throws(TorchError) -> Tensor {
        try makeTensor { ct_enlarged_conv2d(handle, weight.handle, bias.shimHandle, $0) }
    }
}

extension CTNormalizedConvolution {
    /// `nil` unless the convolution is one of stride 1 and padding 1 with a bias.
    fileprivate init?(_ norm: GroupNorm, _ convolution: Conv2d) {
        guard convolution.stride == 1, convolution.padding == 1, let bias = convolution.bias else { return nil }
        self.init(
            norm_weight: norm.weight.handle,
            norm_bias: norm.bias.handle,
            weight: convolution.weight.handle,
            bias: bias.handle,
            groups: Int64(norm.groups),
            epsilon: norm.epsilon
        )
    }
}
