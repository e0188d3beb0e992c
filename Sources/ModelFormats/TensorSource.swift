/// Where a tensor that a model needs comes from in a file that names or stores it otherwise.
public enum TensorSource: Sendable, Hashable {
    /// The tensor of that name as it is.
    case stored(String)
    /// The matrix of that name with rows and columns exchanged.
    case transposed(String)
    /// Several tensors, one after the other along their first dimension.
    case joined([String])

    /// The names of the file's tensors that it takes.
    public var names: [String] {
        switch self {
        case .stored(let name), .transposed(let name): [name]
        case .joined(let names): names
        }
    }

    /// The shape that comes out.
    /// - Parameter shape: that of a tensor of the file.
    /// - Returns: `nil` where a tensor is missing or they do not fit together.
    public func shape(_ shape: (String) -> [Int]?) -> [Int]? {
        switch self {
        case .stored(let name): return shape(name)
        case .transposed(let name):
            guard let stored = shape(name), stored.count == 2 else { return nil }
            return [stored[1], stored[0]]
        case .joined(let names):
            let parts = names.compactMap(shape)
            guard parts.count == names.count, let first = parts.first, !first.isEmpty,
                parts.allSatisfy({ $0.dropFirst() == first.dropFirst() })
            else { return nil }
            return [parts.reduce(0) { $0 + $1[0] }] + first.dropFirst()
        }
    }
}

/// What the tensors of a file are to a model: needed under a name, or not needed for a reason.
struct TensorPlan {
    /// By the names of taming-transformers or OpenAI.
    var sources: [String: TensorSource] = [:]
    var ignored: [String: IgnoredReason] = [:]
}

/// Why a tensor of a weight file is not needed to paint.
public enum IgnoredReason: String, Sendable, Codable, CaseIterable {
    case loss = "networks of the training loss"
    case transformer = "the transformer that draws codes by itself"
    case condition = "the model of its condition"
    case mask = "masks"
    case average = "moving averages and counters of the training"
    case size = "sizes that the shapes tell"
    case elsewhere = "outside of the model"
}
