/// Finds the state dict in what a pickle holds: the tensors that a model is made of, and what else there is.
struct StateDictFinder {
    /// Names under which tools keep the state dict, the more telling ones first.
    private static let wrappers = [
        "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "generator", "params",
        "weights", "ema_state_dict", "params_ema", "model_ema",
    ]
    private static let wrapperDepth = 4
    private static let nestingLimit = 64
    private static let visitLimit = 2_000_000
    private static let metadataLimit = 64
    private static let otherLimit = 256
    private static let standInLimit = 256

    private let graph: PickleGraph
    /// Names of the tensors, with indices into the graph's tensors.
    private(set) var tensors: [String: Int] = [:]
    private(set) var metadata: [String: String] = [:]
    private(set) var other: [OtherContent] = []
    private var visits = 0
    /// Nodes that ``other`` accounts for.
    private var counted: Set<Int> = []

    /// - Throws: ``WeightProblem`` where there are no tensors, or some that cannot be read.
    init(_ graph: PickleGraph, root: PickleValue) throws(WeightProblem) {
        self.graph = graph
        var state = root
        for _ in 0..<Self.wrapperDepth {
            guard let (name, inner) = wrapped(in: state) else { break }
            describe(state, except: name)
            state = inner
        }
        try collect(state, "", 0)
        guard !tensors.isEmpty else {
            throw WeightProblem("holds no tensors", hint: "choose the file with the model's weights")
        }
    }

    /// The classes and functions that nothing was made of, sorted.
    var standIns: [String] {
        let names = graph.globals.filter { !$0.isUnderstood }.map { printable($0.text) }
        return Array(Set(names).sorted().prefix(Self.standInLimit))
    }

    /// The state dict that a dictionary keeps under one of the usual names.
    private func wrapped(in value: PickleValue) -> (String, PickleValue)? {
        guard let node = graph.node(value), !node.pairs.isEmpty else { return nil }
        for name in Self.wrappers {
            var seen: Set<Int> = []
            guard let inner = graph.lookup(name, in: node), graph.node(inner).map(isContainer) == true,
                count(inner, &seen).tensors > 0
            else { continue }
            return (name, inner)
        }
        return nil
    }

    private func isContainer(_ node: PickleGraph.Node) -> Bool {
        switch node.kind {
        case .dictionary, .instance: true
        default: false
        }
    }

    /// Notes what a dictionary holds besides the state dict.
    private mutating func describe(_ value: PickleValue, except name: String) {
        guard let node = graph.node(value) else { return }
        for index in stride(from: 0, to: node.pairs.count, by: 2) {
            guard let key = graph.string(node.pairs[index]), key != name else { continue }
            let entry = node.pairs[index + 1]
            if let text = simpleText(entry) {
                if metadata.count < Self.metadataLimit { metadata[printable(key)] = text }
            } else if graph.node(entry) != nil, other.count < Self.otherLimit {
                let (tensors, bytes) = count(entry, &counted)
                other.append(OtherContent(name: printable(key), tensors: tensors, bytes: bytes))
            }
        }
    }

    private func simpleText(_ value: PickleValue) -> String? {
        switch value {
        case .bool(let value): String(value)
        case .int(let value): String(value)
        case .float(let value): String(value)
        case .string(let index): printable(graph.strings[index])
        case .none, .node: nil
        }
    }

    /// How many tensors a value holds, and their bytes; those that were seen before do not count.
    private func count(_ value: PickleValue, _ seen: inout Set<Int>) -> (tensors: Int, bytes: Int) {
        var tensors = 0
        var bytes = 0
        var waiting = [value]
        while let next = waiting.popLast() {
            guard case .node(let index) = next, seen.insert(index).inserted else { continue }
            let node = graph.nodes[index]
            if case .tensor(let tensor) = node.kind {
                tensors += 1
                bytes = bytes.addingReportingOverflow(graph.tensors[tensor].info.byteCount).partialValue
            }
            waiting += node.items
            waiting += node.pairs
            waiting.append(node.state)
        }
        return (tensors, bytes)
    }

    // MARK: Flattening

    /// Takes the tensors of a value, under names that begin with the prefix.
    private mutating func collect(_ value: PickleValue, _ prefix: String, _ depth: Int) throws(WeightProblem) {
        guard let node = graph.node(value) else { return }
        visits += 1
        guard depth < Self.nestingLimit, visits < Self.visitLimit else {
            throw .damaged("its tensors are nested too deeply")
        }
        switch node.kind {
        case .tensor(let index): tensors[try TensorName.checked(prefix.isEmpty ? "tensor" : prefix)] = index
        case .unsupported(let index):
            throw WeightProblem(
                "holds \(printable(prefix)) as \(printable(graph.strings[index])), which is not supported",
                hint: "convert it to ordinary float32 or float16 tensors and save it again"
            )
        case .list, .tuple:
            for (index, item) in node.items.enumerated() { try collect(item, join(prefix, String(index)), depth + 1) }
        case .dictionary: try collectPairs(node, prefix, depth)
        case .instance:
            try collectPairs(node, prefix, depth)
            try collectState(node.state, prefix, depth)
        default: return
        }
    }

    private mutating func collectPairs(
        _ node: PickleGraph.Node,
        _ prefix: String,
        _ depth: Int
    ) throws(WeightProblem) {
        for index in stride(from: 0, to: node.pairs.count, by: 2) {
            let name: String
            switch node.pairs[index] {
            case .string(let string): name = graph.strings[string]
            case .int(let number): name = String(number)
            default: continue
            }
            try collect(node.pairs[index + 1], join(prefix, name), depth + 1)
        }
    }

    /// Takes the tensors of an object's attributes: those of a module as its state dict would name them.
    private mutating func collectState(
        _ value: PickleValue,
        _ prefix: String,
        _ depth: Int
    ) throws(WeightProblem) {
        var state = graph.node(value)
        // Attributes, and those in slots.
        if let parts = graph.elements(value), parts.count == 2 { state = graph.node(parts[0]) }
        guard let state, state.kind == .dictionary else { return }
        guard let parameters = graph.lookup("_parameters", in: state) else {
            return try collectPairs(state, prefix, depth)
        }
        for part in [parameters, graph.lookup("_buffers", in: state), graph.lookup("_modules", in: state)] {
            // Not by way of collect: the names of the three are not part of the tensors' names.
            if let part, let node = graph.node(part), node.kind == .dictionary { try collectPairs(node, prefix, depth) }
        }
    }

    private func join(_ prefix: String, _ name: String) -> String { prefix.isEmpty ? name : "\(prefix).\(name)" }
}
