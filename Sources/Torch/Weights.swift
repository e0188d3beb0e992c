/// A place in a state dict from which a layer takes its tensors: `weights / "mid" / "block_1"`.
///
/// Constructing a model with a cursor is what maps its keys; ``finish(ignoring:)`` then finds the keys that nothing
/// asked for. Tensors come as float32, or in the cursor's ``precision``, on its device.
public struct Weights {
    private final class Consumed {
        var keys: Set<String> = []
    }

    private let source: any StateDict
    private let prefix: String
    private let consumed: Consumed
    public let device: Device
    /// The type that tensors come in; normalisations ask for float32 whatever it is.
    public let precision: ScalarType
    /// Whether tensors are only checked: zeros of their shapes come in their place.
    private let isTrial: Bool
    /// Where a model that is trained keeps its tensors; `nil` for one that is only used.
    let parameters: ParameterSet?

    /// - Parameter prefix: stands before every key, with its final dot.
    public init(_ source: any StateDict, prefix: String = "", device: Device = .cpu) {
        self.source = source
        self.prefix = prefix
        self.device = device
        parameters = nil
        precision = .float32
        consumed = Consumed()
        isTrial = false
    }

    /// For a model that is to be trained: what it asks for is remembered in `parameters`, and made anew where the source
    /// has no such tensor.
    public init(_ source: any StateDict, prefix: String = "", device: Device = .cpu, training parameters: ParameterSet)
    {
        self.source = source
        self.prefix = prefix
        self.device = device
        self.parameters = parameters
        precision = .float32
        consumed = Consumed()
        isTrial = false
    }

    private init(_ other: Weights, prefix: String, isTrial: Bool, precision: ScalarType) {
        source = other.source
        consumed = other.consumed
        device = other.device
        parameters = other.parameters
        self.precision = precision
        self.prefix = prefix
        self.isTrial = isTrial
    }

    /// The same place for a trial: what is constructed from it checks that all tensors are there and have the right
    /// shapes, and counts them as taken, but reads none of them.
    public var trial: Weights { Weights(self, prefix: prefix, isTrial: true, precision: precision) }

    /// Whether what is constructed from here is to be trained.
    public var isTrained: Bool { parameters != nil }

    /// The same place with tensors of another type.
    public func converted(to precision: ScalarType) -> Weights {
        Weights(self, prefix: prefix, isTrial: isTrial, precision: precision)
    }

    /// The file, for messages.
    public var path: String { source.path }

    public static func / (weights: Weights, name: String) -> Weights {
        Weights(weights, prefix: "\(weights.prefix)\(name).", isTrial: weights.isTrial, precision: weights.precision)
    }

    public static func / (weights: Weights, index: Int) -> Weights { weights / String(index) }

    /// Whether there is a tensor of that name here.
    public func has(_ name: String) -> Bool { source.shape(of: prefix + name) != nil }

    /// Whether there is any tensor below this place.
    public var isEmpty: Bool { !source.keys.contains { $0.hasPrefix(prefix) } }

    /// The shape of a tensor, to infer a configuration from.
    /// - Throws: ``WeightsError/missing(key:expected:path:nearest:)``.
    public func shape(_ name: String) throws(WeightsError) -> [Int] {
        guard let shape = source.shape(of: prefix + name) else { throw missing(name) }
        return shape
    }

    /// The shapes of all tensors below this place, by their names from here.
    public var shapes: [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for key in source.keys where key.hasPrefix(prefix) {
            shapes[String(key.dropFirst(prefix.count))] = source.shape(of: key)
        }
        return shapes
    }

    /// How many consecutive numbers from 0 have tensors below this place: blocks in a list of blocks.
    public var childCount: Int {
        var indices: Set<Int> = []
        for key in source.keys where key.hasPrefix(prefix) {
            if let name = key.dropFirst(prefix.count).split(separator: ".").first, let index = Int(name) {
                indices.insert(index)
            }
        }
        return (0...indices.count).first { !indices.contains($0) } ?? 0
    }

    /// Takes a tensor of a known shape.
    /// - Throws: ``WeightsError/missing(key:expected:path:nearest:)`` or ``WeightsError/shape(key:expected:actual:)``.
    public func tensor(_ name: String, _ shape: [Int]) throws(WeightsError) -> Tensor {
        guard let actual = source.shape(of: prefix + name) else {
            guard let parameters, parameters.makesMissing else { throw missing(name, expected: shape) }
            return try weightsErrors { () throws(TorchError) in
                try parameters.make(prefix + name, shape, device)
            }
        }
        guard actual == shape else { throw .shape(key: prefix + name, expected: shape, actual: actual) }
        return try tensor(name)
    }

    /// Takes a tensor of any shape.
    /// - Throws: ``WeightsError/missing(key:expected:path:nearest:)``.
    public func tensor(_ name: String) throws(WeightsError) -> Tensor {
        guard let shape = source.shape(of: prefix + name) else { throw missing(name) }
        if isTrial {
            consumed.keys.insert(prefix + name)
            return try weightsErrors { () throws(TorchError) in try Tensor.zeros([]).expanded(shape) }
        }
        let stored = try source.tensor(prefix + name)
        consumed.keys.insert(prefix + name)
        return try weightsErrors { () throws(TorchError) in
            let tensor = try stored.converted(to: precision, on: device)
            return try parameters?.adopt(tensor, as: prefix + name) ?? tensor
        }
    }

    /// Counts a tensor, if there is one of that name, as taken without reading it.
    public func ignore(_ name: String) { consumed.keys.insert(prefix + name) }

    /// Checks that every tensor was taken.
    /// - Parameter prefixes: beginnings of keys that a model is known not to need.
    /// - Throws: ``WeightsError/unused(_:path:)``.
    public func finish(ignoring prefixes: [String] = []) throws(WeightsError) {
        let unused = source.keys.filter { key in
            key.hasPrefix(prefix) && !consumed.keys.contains(key) && !prefixes.contains { key.hasPrefix(prefix + $0) }
        }
        if !unused.isEmpty { throw .unused(unused.map { ($0, source.shape(of: $0) ?? []) }, path: path) }
    }

    private func missing(_ name: String, expected: [Int]? = nil) -> WeightsError {
        let key = prefix + name
        let nearest = source.keys.min { Self.distance($0, key) < Self.distance($1, key) }
        return .missing(key: key, expected: expected, path: path, nearest: nearest)
    }

    /// How unlike two keys are: characters outside of their common beginning and end.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        var start = 0
        while start < min(a.count, b.count), a[start] == b[start] { start += 1 }
        var end = 0
        while end < min(a.count, b.count) - start, a[a.count - 1 - end] == b[b.count - 1 - end] { end += 1 }
        return max(a.count, b.count) - start - end
    }
}
