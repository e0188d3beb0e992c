/// A convolution over [N, C, H, W].
public struct Conv2d {
    public let weight: Tensor
    public let bias: Tensor?
    public let stride: Int
    public let padding: Int

    /// - Throws: ``WeightsError`` when `weight` is not [outputs, inputs, kernel, kernel] or `bias` not [outputs].
    public init(
        _ w: Weights,
        _ inputs: Int,
        _ outputs: Int,
        kernel: Int,
        stride: Int = 1,
        padding: Int = 0,
        hasBias: Bool = true
    ) throws(WeightsError) {
        let weight = try w.tensor("weight", [outputs, inputs, kernel, kernel])
        // In half precision GPUs convolve with tensor cores, which want the channels of a pixel together; a convolution
        // answers in the order of its weights.
        self.weight =
            w.precision == .float16
            ? try weightsErrors { () throws(TorchError) in try weight.contiguous(channelsLast: true) } : weight
        bias = hasBias ? try w.tensor("bias", [outputs]) : nil
        self.stride = stride
        self.padding = padding
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv2d(weight, bias, stride: stride, padding: padding)
    }

    /// This convolution, of 3 × 3 and padding 1, of the picture enlarged twice, every pixel to 2 × 2.
    public func enlarging(_ x: Tensor) throws(TorchError) -> Tensor { try x.enlargedConv2d(weight, bias) }
}

/// x · weightᵀ + bias over the last dimension.
public struct Linear {
    public let weight: Tensor
    public let bias: Tensor?

    /// - Throws: ``WeightsError`` when `weight` is not [outputs, inputs] or `bias` not [outputs].
    public init(_ w: Weights, _ inputs: Int, _ outputs: Int, hasBias: Bool = true) throws(WeightsError) {
        weight = try w.tensor("weight", [outputs, inputs])
        bias = hasBias ? try w.tensor("bias", [outputs]) : nil
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x.linear(weight, bias) }
}

/// Normalises groups of channels of [N, C, H, W].
public struct GroupNorm {
    public let weight: Tensor
    public let bias: Tensor
    public let groups: Int
    public let epsilon: Double

    public init(_ w: Weights, channels: Int, groups: Int, epsilon: Double) throws(WeightsError) {
        weight = try w.tensor("weight", [channels])
        bias = try w.tensor("bias", [channels])
        self.groups = groups
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.groupNorm(groups, weight, bias, epsilon: epsilon)
    }
}

/// Normalises the last dimension, in float32 also where the rest of a network is not: sums of squares overflow in half
/// precision. OpenAI's CLIP does so too.
public struct LayerNorm {
    public let weight: Tensor
    public let bias: Tensor
    public let epsilon: Double

    public init(_ w: Weights, width: Int, epsilon: Double = 1e-5) throws(WeightsError) {
        let w = w.converted(to: .float32)
        weight = try w.tensor("weight", [width])
        bias = try w.tensor("bias", [width])
        self.epsilon = epsilon
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.inFloat32 { (x) throws(TorchError) in try x.layerNorm(weight, bias, epsilon: epsilon) }
    }
}

/// Normalises the channels of [N, C, H, W] with the statistics of training, in float32; while it is being trained, with
/// those of the batch, which move the others.
public struct BatchNorm2d {
    public let weight: Tensor
    public let bias: Tensor
    public let mean: Tensor
    public let variance: Tensor
    public let epsilon: Double
    private let training: ParameterSet?

    public init(_ w: Weights, channels: Int, epsilon: Double = 1e-5) throws(WeightsError) {
        let w = w.converted(to: .float32)
        weight = try w.tensor("weight", [channels])
        bias = try w.tensor("bias", [channels])
        mean = try w.tensor("running_mean", [channels])
        variance = try w.tensor("running_var", [channels])
        self.epsilon = epsilon
        training = w.parameters
    }

    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        if let momentum = training?.statisticsMomentum {
            return try x.batchNormTraining(
                weight: weight,
                bias: bias,
                mean: mean,
                variance: variance,
                momentum: momentum,
                epsilon: epsilon
            )
        }
        return try x.inFloat32 { (x) throws(TorchError) in
            try x.batchNorm(weight: weight, bias: bias, mean: mean, variance: variance, epsilon: epsilon)
        }
    }
}

extension Tensor {
    /// Computes in float32, and gives the result in the type of this tensor.
    fileprivate func inFloat32(_ body: (Tensor) throws(TorchError) -> Tensor) throws(TorchError) -> Tensor {
        let type = type
        return type == .float32 ? try body(self) : try body(converted(to: .float32)).converted(to: type)
    }
}
