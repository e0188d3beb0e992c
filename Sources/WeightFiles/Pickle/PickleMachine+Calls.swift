extension PickleMachine {
    /// What a call stands for: a tensor or a container where the function is one of the few that make these, or an
    /// inert stand-in. Nothing is executed.
    mutating func call(_ function: PickleValue, _ arguments: PickleValue) throws(WeightProblem) -> PickleValue {
        guard let arguments = graph.elements(arguments) else {
            throw .damaged("its pickle calls something without a list of arguments")
        }
        guard let global = graph.global(function) else {
            return try make(.instance(index(of: PickleGlobal(module: "", name: "the result of a call"))))
        }
        switch global.text {
        case "collections.OrderedDict", "builtins.dict", "__builtin__.dict":
            return try dictionary(arguments.first)
        case "collections.defaultdict": return try dictionary(arguments.dropFirst().first)
        case "torch.Size": return try make(.tuple, arguments.first.flatMap { graph.elements($0) } ?? [])
        case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
            return try tensor(arguments, type: nil)
        case "torch._utils._rebuild_tensor_v3":
            guard arguments.count > 6, let type = graph.global(arguments[6]) else { throw Self.malformed }
            guard let elements = type.dataType else { return try unsupported("elements of \(type.text)") }
            return try tensor(arguments, type: elements)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
            "torch.nn.parameter.Parameter", "torch.autograd.variable.Variable",
            "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist",
            "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_tensorlist",
            "torch.jit._pickle.restore_type_tag":
            // Each gives its first argument, as far as tensors are concerned.
            if let first = arguments.first { return first }
        case "torch._tensor._rebuild_from_type_v2", "torch._tensor._rebuild_from_type",
            "torch.tensor._rebuild_from_type":
            return try rebuilt(arguments)
        case "torch.storage._load_from_bytes": return try unsupported("data saved by pickle instead of torch.save")
        case "copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__", "copy_reg.__newobj__":
            if let type = arguments.first.flatMap({ graph.global($0) }) { return try make(.instance(index(of: type))) }
        default:
            if global.module == "torch._utils", global.name.hasPrefix("_rebuild_") {
                let kind = global.name.dropFirst("_rebuild_".count).replacing("_", with: " ")
                return try unsupported("a tensor of the kind \(kind)")
            }
        }
        return try make(.instance(index(of: global)))
    }

    private static let malformed = WeightProblem.damaged("a tensor in it is malformed")

    private mutating func unsupported(_ what: String) throws(WeightProblem) -> PickleValue {
        guard case .string(let index) = try make(what) else { return .none }
        return try make(.unsupported(index))
    }

    /// A dictionary with the pairs of a list, or of another dictionary.
    private mutating func dictionary(_ source: PickleValue?) throws(WeightProblem) -> PickleValue {
        var pairs: [PickleValue] = []
        if let source, let node = graph.node(source) {
            pairs = node.pairs
            for item in node.items {
                guard let pair = graph.elements(item), pair.count == 2 else {
                    throw .damaged("its pickle makes a dictionary of what are no pairs")
                }
                pairs += pair
            }
        }
        return try make(PickleGraph.Node(kind: .dictionary, pairs: pairs))
    }

    /// A tensor of a class of its own, or with attributes: a function, a class, the function's arguments.
    private mutating func rebuilt(_ arguments: [PickleValue]) throws(WeightProblem) -> PickleValue {
        guard arguments.count >= 3, let function = graph.global(arguments[0]),
            function.module == "torch._utils", function.name.hasPrefix("_rebuild_")
        else { throw Self.malformed }
        return try call(arguments[0], arguments[2])
    }

    /// A tensor of a storage, an offset, a shape and strides.
    /// - Parameter type: the type of its elements, where the storage does not say.
    private mutating func tensor(_ arguments: [PickleValue], type: ElementType?) throws(WeightProblem) -> PickleValue {
        guard arguments.count >= 4, let source = graph.node(arguments[0]) else { throw Self.malformed }
        if case .unsupported = source.kind { return arguments[0] }
        guard case .storage(let index) = source.kind, case .int(let offset) = arguments[1],
            let shape = graph.integers(arguments[2]), let strides = graph.integers(arguments[3])
        else { throw Self.malformed }
        guard let elements = type ?? graph.storages[index].type else {
            return try unsupported("elements of \(graph.storages[index].typeName)")
        }
        guard let info = TensorInfo(type: elements, shape: shape) else {
            throw .damaged("a tensor in it has the impossible shape \(shape)")
        }
        graph.tensors.append(PickleTensor(storage: index, info: info, offset: offset, strides: strides))
        return try make(.tensor(graph.tensors.count - 1))
    }
}
