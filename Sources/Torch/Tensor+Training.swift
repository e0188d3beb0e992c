internal import CTorch

extension Tensor {
    /// d(self)/d(input) of a scalar. The gradients that leaves have collected stay as they are.
    /// - Parameter keepsGraph: whether a later backward will go through the same graph.
    public func gradient(of input: Tensor, keepsGraph: Bool = false) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_gradient_of(handle, input.handle, keepsGraph, $0) }
    }

    /// Moves this tensor towards another in place, outside of any gradient: self += weight · (other − self).
    public func move(towards other: Tensor, by weight: Double) throws(TorchError) {
        try check("move", ct_tensor_lerp(handle, other.handle, weight))
    }

    /// Each of `rows` rows is the sum of those rows of this matrix [N, width] whose index [N] is its own.
    public func summed(intoRows indices: Tensor, of rows: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_sum_rows(handle, indices.handle, Int64(rows), $0) }
    }

    /// With the statistics of this batch, which move `mean` and `variance` in place by `momentum`.
    public func batchNormTraining(
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        momentum: Double,
        epsilon: Double
    ) throws(TorchError) -> Tensor {
        try makeTensor {
            ct_batch_norm_training(
                handle,
                weight.handle,
                bias.handle,
                mean.handle,
                variance.handle,
                momentum,
                epsilon,
                $0
            )
        }
    }

    /// The Euclidean norm of the gradients that the leaves have collected. Above the limit, the gradients are scaled down
    /// to it in place.
    public static func clipGradients(of leaves: [Tensor], to limit: Double) throws(TorchError) -> Double {
        var norm = 0.0
        try withExtendedLifetime(leaves) { () throws(TorchError) in
            try check("clipGradients", ct_clip_gradients(leaves.map(\.handle), Int32(leaves.count), limit, &norm))
        }
        return norm
    }
}

/// AdamW ("Decoupled Weight Decay Regularization", Loshchilov and Hutter, 2019).
public struct AdamW: Sendable, Hashable {
    public var rate: Double
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    /// Per unit of rate, what a parameter loses of itself in a step.
    public var decay: Double

    public init(rate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, decay: Double = 0) {
        self.rate = rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.decay = decay
    }

    /// One step in place.
    /// - Parameters:
    ///   - first: the moving mean of the gradient.
    ///   - second: the moving mean of its square.
    ///   - step: from 1.
    public func update(
        _ parameter: Tensor,
        gradient: Tensor,
        first: Tensor,
        second: Tensor,
        step: Int
    ) throws(TorchError) {
        try check(
            "AdamW.update",
            ct_adamw_step(
                parameter.handle,
                gradient.handle,
                first.handle,
                second.handle,
                Int64(step),
                rate,
                beta1,
                beta2,
                epsilon,
                decay
            )
        )
    }
}
