/// Names and shapes of tensors, seen from a place among them: `shapes / "encoder" / "down" / 0`.
///
/// Everything that is known of a model's architecture is read off these; no tensor's contents are needed.
public struct TensorShapes: Sendable {
    private let shapes: [String: [Int]]
    private let prefix: String

    /// - Parameter prefix: stands before every name, with its final dot.
    public init(_ shapes: [String: [Int]], prefix: String = "") {
        self.shapes = shapes
        self.prefix = prefix
    }

    static func / (shapes: TensorShapes, name: String) -> TensorShapes {
        TensorShapes(shapes.shapes, prefix: "\(shapes.prefix)\(name).")
    }

    static func / (shapes: TensorShapes, index: Int) -> TensorShapes { shapes / String(index) }

    func has(_ name: String) -> Bool { shapes[prefix + name] != nil }

    /// Whether there is no tensor below this place.
    var isEmpty: Bool { !shapes.keys.contains { $0.hasPrefix(prefix) } }

    /// How many consecutive numbers from 0 have tensors below this place: blocks in a list of blocks.
    var childCount: Int {
        var indices: Set<Int> = []
        for key in shapes.keys where key.hasPrefix(prefix) {
            if let name = key.dropFirst(prefix.count).split(separator: ".").first, let index = Int(name) {
                indices.insert(index)
            }
        }
        return (0...indices.count).first { !indices.contains($0) } ?? 0
    }

    /// A shape with a known number of sizes, none of them 0.
    /// - Throws: ``ModelFormatError`` that names the tensor.
    func shape(_ name: String, rank: Int) throws(ModelFormatError) -> [Int] {
        guard let shape = shapes[prefix + name] else { throw .missing(prefix + name) }
        guard shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
            throw .shape(prefix + name, shape, rank: rank)
        }
        return shape
    }

    /// The shape of a convolution's kernel, [outputs, inputs, height, width].
    func kernel(_ name: String) throws(ModelFormatError) -> [Int] { try shape(name, rank: 4) }

    /// The shape of a matrix, [rows, columns].
    func matrix(_ name: String) throws(ModelFormatError) -> [Int] { try shape(name, rank: 2) }
}

/// Why the architecture of a model cannot be read off its tensors.
public enum ModelFormatError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A tensor of the model is not there.
    case missing(String)
    /// A tensor has not as many sizes as it should.
    case shape(String, [Int], rank: Int)
    /// The model is of a kind that cannot be used; goes on after the file's path.
    case unsupported(String)

    /// Goes on after the path of the file.
    public var description: String {
        switch self {
        case .missing(let name): "has no tensor \(name)"
        case .shape(let name, let shape, let rank):
            "has a tensor \(name) of shape \(shape), where \(rank) sizes belong"
        case .unsupported(let problem): problem
        }
    }
}
