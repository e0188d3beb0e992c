/// Reads a pickle, of any protocol from 0 to 5, into a ``PickleGraph`` without executing anything.
///
/// Functions and classes are names here. The few that tensors and containers are made with are understood by
/// ``PickleMachine/call(_:_:)``; a call of any other gives an inert stand-in.
struct PickleMachine {
    static let operationLimit = 20_000_000
    static let nodeLimit = 2_000_000
    static let stackLimit = 8_000_000
    /// Bytes of a string that is kept.
    static let stringLimit = 1 << 16
    /// Bytes of all strings that are kept.
    static let textLimit = 128 << 20
    static let lineLimit = 1 << 20

    let input: ByteStream
    var graph = PickleGraph()
    var stack: [PickleValue] = []
    /// Heights of the stack at its marks.
    var marks: [Int] = []
    var memo: [Int: PickleValue] = [:]
    private var textSize = 0
    private var globalIndices: [PickleGlobal: Int] = [:]

    init(_ input: ByteStream) { self.input = input }

    /// Reads up to the end of the pickle, and leaves the stream there.
    /// - Returns: the value that the pickle stands for.
    mutating func run() throws(WeightProblem) -> PickleValue {
        for _ in 0..<Self.operationLimit {
            let code = try input.byte()
            if code == UInt8(ascii: ".") { return try pop() }
            if try !push(code), try !arrange(code), try !build(code) {
                throw .damaged("its pickle has the unknown operation \(code)")
            }
            guard stack.count <= Self.stackLimit, marks.count <= Self.stackLimit else { throw Self.tooLarge }
        }
        throw Self.tooLarge
    }

    static let tooLarge = WeightProblem("is too complicated for a weight file")

    // MARK: The stack

    mutating func pop() throws(WeightProblem) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw .damaged("its pickle takes more than there is")
        }
        return value
    }

    func top() throws(WeightProblem) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw .damaged("its pickle takes more than there is")
        }
        return value
    }

    /// Everything above the last mark, which goes too.
    mutating func popToMark() throws(WeightProblem) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw .damaged("its pickle lacks a mark") }
        let values = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return values
    }

    // MARK: Making values

    mutating func make(_ node: PickleGraph.Node) throws(WeightProblem) -> PickleValue {
        guard graph.nodes.count < Self.nodeLimit else { throw Self.tooLarge }
        graph.nodes.append(node)
        return .node(graph.nodes.count - 1)
    }

    mutating func make(_ kind: PickleGraph.Kind, _ items: [PickleValue] = []) throws(WeightProblem) -> PickleValue {
        try make(PickleGraph.Node(kind: kind, items: items))
    }

    mutating func make(_ text: String) throws(WeightProblem) -> PickleValue {
        textSize += text.utf8.count
        guard graph.strings.count < Self.nodeLimit, textSize <= Self.textLimit else { throw Self.tooLarge }
        graph.strings.append(text)
        return .string(graph.strings.count - 1)
    }

    /// The value of a class or function of that name.
    mutating func makeGlobal(_ module: String, _ name: String) throws(WeightProblem) -> PickleValue {
        let global = PickleGlobal(module: module, name: name)
        try global.refuseIfDangerous()
        return try make(.global(index(of: global)))
    }

    mutating func index(of global: PickleGlobal) -> Int {
        if let index = globalIndices[global] { return index }
        graph.globals.append(global)
        globalIndices[global] = graph.globals.count - 1
        return graph.globals.count - 1
    }
}
