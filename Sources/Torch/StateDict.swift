/// Named tensors of a weight file, made when they are asked for.
public protocol StateDict: AnyObject {
    /// The file, for messages.
    var path: String { get }
    var keys: [String] { get }
    /// Text stored beside the tensors.
    var metadata: [String: String] { get }
    /// The shape of a tensor, without reading it.
    func shape(of key: String) -> [Int]?
    /// A copy of a tensor in its stored type.
    func tensor(_ key: String) throws(WeightsError) -> Tensor
}

/// Named tensors in memory.
public final class MemoryStateDict: StateDict {
    public let path: String
    public let metadata: [String: String]
    private let tensors: [String: Tensor]

    public init(_ tensors: [String: Tensor], metadata: [String: String] = [:], path: String = "memory") {
        self.tensors = tensors
        self.metadata = metadata
        self.path = path
    }

    public var keys: [String] { tensors.keys.sorted() }

    public func shape(of key: String) -> [Int]? { tensors[key]?.shape }

    public func tensor(_ key: String) throws(WeightsError) -> Tensor {
        guard let tensor = tensors[key] else { throw .missing(key: key, expected: nil, path: path, nearest: nil) }
        return tensor
    }
}
