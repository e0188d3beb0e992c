/// A value of a pickle. Whatever has parts is a node of the ``PickleGraph``.
enum PickleValue: Hashable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    /// An index into ``PickleGraph/strings``.
    case string(Int)
    /// An index into ``PickleGraph/nodes``.
    case node(Int)
}

/// A class or function that a pickle names.
struct PickleGlobal: Hashable {
    let module: String
    let name: String

    var text: String { "\(module).\(name)" }
}

/// The bytes that tensors share.
struct PickleStorage {
    /// The name of its record in the file.
    let key: String
    /// `nil` for a type of elements that is not supported.
    let type: ElementType?
    /// The class that the pickle names, such as `FloatStorage`.
    let typeName: String
    /// In elements.
    let count: Int
    /// The first element within the record that the key names; 0 but for views in the legacy format.
    let viewOffset: Int
    /// Elements of the record.
    let recordCount: Int
}

/// What a pickle says of a tensor.
struct PickleTensor {
    /// An index into ``PickleGraph/storages``.
    let storage: Int
    let info: TensorInfo
    /// In elements.
    let offset: Int
    let strides: [Int]
}

/// All that a pickle builds.
///
/// Nodes refer to each other by index, so that no depth of nesting can exhaust the stack when they are released.
struct PickleGraph {
    enum Kind: Hashable {
        case list
        case tuple
        case dictionary
        /// A set, bytes, a large number or something else that no weights are in.
        case opaque
        /// The number that the legacy format begins with.
        case magic
        /// An index into ``PickleGraph/globals``.
        case global(Int)
        /// An object of a class, or the result of a call, neither of which was executed: an index into
        /// ``PickleGraph/globals``.
        case instance(Int)
        /// An index into ``PickleGraph/storages``.
        case storage(Int)
        /// An index into ``PickleGraph/tensors``.
        case tensor(Int)
        /// A tensor that cannot be read; an index into ``PickleGraph/strings`` says what it is.
        case unsupported(Int)
    }

    struct Node {
        let kind: Kind
        /// Elements of a list, a tuple, or an object that is like a list.
        var items: [PickleValue] = []
        /// Keys and values, in turn, of a dictionary or an object that is like one.
        var pairs: [PickleValue] = []
        /// The attributes of an object.
        var state = PickleValue.none
    }

    var nodes: [Node] = []
    var strings: [String] = []
    var globals: [PickleGlobal] = []
    var storages: [PickleStorage] = []
    var tensors: [PickleTensor] = []

    func node(_ value: PickleValue) -> Node? {
        guard case .node(let index) = value else { return nil }
        return nodes[index]
    }

    func string(_ value: PickleValue) -> String? {
        guard case .string(let index) = value else { return nil }
        return strings[index]
    }

    /// The name of a storage, which some versions give as a number.
    func storageKey(_ value: PickleValue) -> String? {
        if case .int(let number) = value { return String(number) }
        return string(value)
    }

    func global(_ value: PickleValue) -> PickleGlobal? {
        guard case .global(let index)? = node(value)?.kind else { return nil }
        return globals[index]
    }

    /// The value of the last pair with this key.
    func lookup(_ name: String, in node: Node) -> PickleValue? {
        var index = node.pairs.count - 2
        while index >= 0 {
            if string(node.pairs[index]) == name { return node.pairs[index + 1] }
            index -= 2
        }
        return nil
    }

    /// The elements of a tuple or list.
    func elements(_ value: PickleValue) -> [PickleValue]? {
        guard let node = node(value), node.kind == .tuple || node.kind == .list else { return nil }
        return node.items
    }

    /// The elements of a tuple or list of whole numbers.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value), elements.count <= TensorInfo.rankLimit else { return nil }
        var result: [Int] = []
        for element in elements {
            guard case .int(let integer) = element else { return nil }
            result.append(integer)
        }
        return result
    }
}
