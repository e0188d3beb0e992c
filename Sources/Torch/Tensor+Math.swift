internal import CTorch

extension Tensor {
    private func unary(_ operation: Int, _ name: StaticString = #function) throws(TorchError) -> Tensor {
        try makeTensor(name) { ct_tensor_unary(CTUnary(operation), handle, $0) }
    }

    private func binary(
        _ operation: Int,
        _ other: Tensor,
        _ name: StaticString = #function
    ) throws(TorchError) -> Tensor {
        try makeTensor(name) { ct_tensor_binary(CTBinary(operation), handle, other.handle, $0) }
    }

    private func binary(
        _ operation: Int,
        _ other: Double,
        _ name: StaticString = #function
    ) throws(TorchError) -> Tensor {
        try makeTensor(name) { ct_tensor_binary_scalar(CTBinary(operation), handle, other, $0) }
    }

    public static func + (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary(CT_ADD, b) }
    public static func - (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary(CT_SUBTRACT, b) }
    public static func * (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary(CT_MULTIPLY, b) }
    public static func / (a: Tensor, b: Tensor) throws(TorchError) -> Tensor { try a.binary(CT_DIVIDE, b) }
    public static func + (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a.binary(CT_ADD, b) }
    public static func - (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a.binary(CT_SUBTRACT, b) }
    public static func * (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a.binary(CT_MULTIPLY, b) }
    public static func / (a: Tensor, b: Double) throws(TorchError) -> Tensor { try a.binary(CT_DIVIDE, b) }
    public static prefix func - (a: Tensor) throws(TorchError) -> Tensor { try a.unary(CT_NEGATE) }

    public func absolute() throws(TorchError) -> Tensor { try unary(CT_ABS) }
    public func exponential() throws(TorchError) -> Tensor { try unary(CT_EXP) }
    public func logarithm() throws(TorchError) -> Tensor { try unary(CT_LOG) }
    public func squareRoot() throws(TorchError) -> Tensor { try unary(CT_SQRT) }
    public func squared() throws(TorchError) -> Tensor { try unary(CT_SQUARE) }
    public func sign() throws(TorchError) -> Tensor { try unary(CT_SIGN) }
    public func floor() throws(TorchError) -> Tensor { try unary(CT_FLOOR) }
    public func rounded() throws(TorchError) -> Tensor { try unary(CT_ROUND) }
    public func sine() throws(TorchError) -> Tensor { try unary(CT_SIN) }
    public func cosine() throws(TorchError) -> Tensor { try unary(CT_COS) }
    public func arcsine() throws(TorchError) -> Tensor { try unary(CT_ASIN) }
    public func sigmoid() throws(TorchError) -> Tensor { try unary(CT_SIGMOID) }
    public func relu() throws(TorchError) -> Tensor { try unary(CT_RELU) }
    /// x · σ(x), also called swish.
    public func silu() throws(TorchError) -> Tensor { try unary(CT_SILU) }
    public func gelu() throws(TorchError) -> Tensor { try unary(CT_GELU) }
    /// x · σ(1.702 x), OpenAI's approximation of GELU.
    public func quickGelu() throws(TorchError) -> Tensor { try unary(CT_QUICK_GELU) }

    public func maximum(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_MAXIMUM, other) }
    public func minimum(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_MINIMUM, other) }
    public func maximum(_ other: Double) throws(TorchError) -> Tensor { try binary(CT_MAXIMUM, other) }
    public func minimum(_ other: Double) throws(TorchError) -> Tensor { try binary(CT_MINIMUM, other) }
    public func power(_ exponent: Double) throws(TorchError) -> Tensor { try binary(CT_POWER, exponent) }
    /// The remainder with the divisor's sign, so 0 ≤ result < divisor for a positive one.
    public func remainder(_ divisor: Double) throws(TorchError) -> Tensor { try binary(CT_REMAINDER, divisor) }
    public func greater(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_GREATER, other) }
    public func greater(_ other: Double) throws(TorchError) -> Tensor { try binary(CT_GREATER, other) }
    public func greaterOrEqual(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_GREATER_EQUAL, other) }
    public func equal(_ other: Tensor) throws(TorchError) -> Tensor { try binary(CT_EQUAL, other) }
    public func equal(_ other: Double) throws(TorchError) -> Tensor { try binary(CT_EQUAL, other) }

    public func clamped(_ low: Double, _ high: Double) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_clamp_scalar(handle, low, high, $0) }
    }

    /// Clamped to bounds that broadcast.
    public func clamped(_ low: Tensor, _ high: Tensor) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_clamp(handle, low.handle, high.handle, $0) }
    }

    /// Element-wise choice by a boolean tensor.
    public static func select(
        _ condition: Tensor,
        then: Tensor,
        else other: Tensor
    ) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_where(condition.handle, then.handle, other.handle, $0) }
    }

    private func reduce(
        _ reduction: Int,
        _ dimensions: [Int],
        _ keep: Bool,
        _ name: StaticString = #function
    ) throws(TorchError) -> Tensor {
        try makeTensor(name) {
            ct_tensor_reduce(
                CTReduction(reduction),
                handle,
                dimensions.map(Int64.init),
                Int32(dimensions.count),
                keep,
                $0
            )
        }
    }

    /// Over the dimensions given, or all.
    public func sum(_ dimensions: Int..., keep: Bool = false) throws(TorchError) -> Tensor {
        try reduce(CT_SUM, dimensions, keep)
    }

    public func mean(_ dimensions: Int..., keep: Bool = false) throws(TorchError) -> Tensor {
        try reduce(CT_MEAN, dimensions, keep)
    }

    /// The biased variance.
    public func variance(_ dimensions: Int..., keep: Bool = false) throws(TorchError) -> Tensor {
        try reduce(CT_VARIANCE, dimensions, keep)
    }

    public func maximum(over dimensions: Int..., keep: Bool = false) throws(TorchError) -> Tensor {
        try reduce(CT_MAX, dimensions, keep)
    }

    public func minimum(over dimensions: Int..., keep: Bool = false) throws(TorchError) -> Tensor {
        try reduce(CT_MIN, dimensions, keep)
    }

    /// The Euclidean norm.
    public func norm(_ dimensions: Int..., keep: Bool = false) throws(TorchError) -> Tensor {
        try reduce(CT_NORM, dimensions, keep)
    }

    /// Divided by its Euclidean norm over the last dimension.
    public func normalized() throws(TorchError) -> Tensor {
        try self / norm(-1, keep: true).maximum(1e-12)
    }

    public func argmin(_ dimension: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_argmin(handle, Int64(dimension), $0) }
    }

    public func argmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_argmax(handle, Int64(dimension), $0) }
    }

    public func softmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_softmax(handle, Int64(dimension), $0) }
    }

    public func logSoftmax(_ dimension: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_log_softmax(handle, Int64(dimension), $0) }
    }
}
