internal import CTorch

/// What a sampler sees outside the picture.
public enum OutsidePicture: Int32, Sendable {
    case zeros, border, reflection
}

extension Tensor {
    public func matmul(_ other: Tensor) throws(TorchError) -> Tensor {
        try makeTensor { ct_matmul(handle, other.handle, $0) }
    }

    /// x · weightᵀ + bias; weight is [out, in].
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws(TorchError) -> Tensor {
        try makeTensor { ct_linear(handle, weight.handle, bias.shimHandle, $0) }
    }

    /// [N, C, H, W] with weight [out, C / groups, k, k].
    public func conv2d(
        _ weight: Tensor,
        _ bias: Tensor? = nil,
        stride: Int = 1,
        padding: Int = 0,
        groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try makeTensor {
            ct_conv2d(handle, weight.handle, bias.shimHandle, Int64(stride), Int64(padding), Int64(groups), $0)
        }
    }

    public func groupNorm(
        _ groups: Int,
        _ weight: Tensor,
        _ bias: Tensor,
        epsilon: Double
    ) throws(TorchError) -> Tensor {
        try makeTensor { ct_group_norm(handle, Int64(groups), weight.handle, bias.handle, epsilon, $0) }
    }

    /// Over the last dimension.
    public func layerNorm(_ weight: Tensor, _ bias: Tensor, epsilon: Double) throws(TorchError) -> Tensor {
        try makeTensor { ct_layer_norm(handle, weight.handle, bias.handle, epsilon, $0) }
    }

    /// With the statistics of training.
    public func batchNorm(
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        epsilon: Double
    ) throws(TorchError) -> Tensor {
        try makeTensor {
            ct_batch_norm(handle, weight.handle, bias.handle, mean.handle, variance.handle, epsilon, $0)
        }
    }

    /// The rows of this table [rows, width] at the indices, with `width` as a new last dimension.
    public func rows(_ indices: Tensor) throws(TorchError) -> Tensor {
        try makeTensor { ct_embedding(handle, indices.handle, $0) }
    }

    /// Scaled dot-product attention with this as query, all [N, heads, tokens, width].
    public func attention(key: Tensor, value: Tensor, isCausal: Bool = false) throws(TorchError) -> Tensor {
        try makeTensor { ct_attention(handle, key.handle, value.handle, isCausal, $0) }
    }

    /// [N, C, H, W] → [N, C, H · factor, W · factor].
    public func upsampledNearest(_ factor: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_upsample_nearest(handle, Int64(factor), $0) }
    }

    /// Bicubic resize, corners not aligned.
    public func resizedBicubic(height: Int, width: Int, antialias: Bool) throws(TorchError) -> Tensor {
        try makeTensor { ct_resize_bicubic(handle, Int64(height), Int64(width), antialias, $0) }
    }

    /// Non-overlapping windows of `kernel` × `kernel`.
    public func averagePooled(_ kernel: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_average_pool(handle, Int64(kernel), $0) }
    }

    public func adaptiveAveragePooled(height: Int, width: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_adaptive_average_pool(handle, Int64(height), Int64(width), $0) }
    }

    public func adaptiveMaxPooled(height: Int, width: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_adaptive_max_pool(handle, Int64(height), Int64(width), $0) }
    }

    /// [N, C · f², H, W] → [N, C, H · f, W · f].
    public func pixelShuffled(_ factor: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_pixel_shuffle(handle, Int64(factor), $0) }
    }

    /// [N, C, H · f, W · f] → [N, C · f², H, W].
    public func pixelUnshuffled(_ factor: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_pixel_unshuffle(handle, Int64(factor), $0) }
    }

    /// Bilinear samples at a grid [N, h, w, 2] of (x, y) in -1…1 (outer edges of the corner pixels): [N, C, h, w].
    public func sampled(at grid: Tensor, outside: OutsidePicture) throws(TorchError) -> Tensor {
        try makeTensor { ct_grid_sample(handle, grid.handle, outside.rawValue, $0) }
    }
}

extension Tensor? {
    /// The handle, or the undefined tensor.
    var shimHandle: CTTensor { self?.handle ?? CTTensor(impl: nil) }
}
