/// What a tensor's elements are.
public enum ElementType: String, Sendable, Hashable, Codable, CaseIterable {
    case float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, bool

    /// Bytes per element.
    public var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// The type and the shape of a tensor.
public struct TensorInfo: Sendable, Hashable {
    /// The greatest number of dimensions that a tensor in a weight file may have.
    static let rankLimit = 8

    public let type: ElementType
    public let shape: [Int]
    /// The product of the shape; 1 for a scalar.
    public let elementCount: Int

    /// - Returns: `nil` when a size is negative, when there are more than 8 of them, or when their product overflows.
    public init?(type: ElementType, shape: [Int]) {
        guard shape.count <= Self.rankLimit else { return nil }
        var bytes = type.size
        for size in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else { return nil }
            bytes = product
        }
        self.type = type
        self.shape = shape
        elementCount = bytes / type.size
    }

    /// Bytes of the elements, without gaps.
    public var byteCount: Int { elementCount * type.size }
}
