extension PickleMachine {
    /// Operations that would import names, call functions and build objects.
    /// - Returns: whether the code is one of them.
    mutating func build(_ code: UInt8) throws(WeightProblem) -> Bool {
        switch code {
        case UInt8(ascii: "c"): stack.append(try globalLines())
        case 0x93:
            let name = try pop()
            let module = try pop()
            guard let name = graph.string(name), let module = graph.string(module) else {
                throw .damaged("its pickle names a class by something that is no name")
            }
            stack.append(try makeGlobal(module, name))
        case UInt8(ascii: "R"), 0x81:
            let arguments = try pop()
            stack.append(try call(try pop(), arguments))
        case 0x92:
            _ = try pop()
            let arguments = try pop()
            stack.append(try call(try pop(), arguments))
        case UInt8(ascii: "i"):
            let type = try globalLines()
            stack.append(try call(type, try make(.tuple, try popToMark())))
        case UInt8(ascii: "o"):
            let values = try popToMark()
            guard let type = values.first else { throw .damaged("its pickle makes an object of no class") }
            stack.append(try call(type, try make(.tuple, Array(values.dropFirst()))))
        case UInt8(ascii: "b"): try setState(try pop())
        case UInt8(ascii: "P"):
            _ = try input.line(limit: Self.lineLimit)
            stack.append(try make(.opaque))
        case UInt8(ascii: "Q"): stack.append(try persistent(try pop()))
        case 0x82, 0x83, 0x84:
            throw WeightProblem(
                "uses extension codes of pickle, which no weight file needs",
                hint: "do not trust it; choose another file"
            )
        case 0x97, 0x98:
            throw WeightProblem(
                "is a pickle whose data were kept elsewhere",
                hint: "save it again with torch.save"
            )
        default: return false
        }
        return true
    }

    private mutating func globalLines() throws(WeightProblem) -> PickleValue {
        let module = String(decoding: try input.line(limit: Self.stringLimit), as: UTF8.self)
        let name = String(decoding: try input.line(limit: Self.stringLimit), as: UTF8.self)
        return try makeGlobal(module, name)
    }

    /// Gives the object on top its attributes. Other values keep theirs to themselves.
    private mutating func setState(_ state: PickleValue) throws(WeightProblem) {
        guard case .node(let index) = try top() else { return }
        if case .instance = graph.nodes[index].kind { graph.nodes[index].state = state }
    }

    /// What the file keeps outside of its pickle: storages.
    private mutating func persistent(_ identifier: PickleValue) throws(WeightProblem) -> PickleValue {
        guard let parts = graph.elements(identifier), let kind = parts.first.flatMap({ graph.string($0) }) else {
            return try make(.opaque)
        }
        // The legacy format wraps classes of modules so, with their source text.
        if kind == "module", parts.count > 1 { return parts[1] }
        guard kind == "storage", parts.count >= 5, let type = graph.global(parts[1]),
            let key = graph.storageKey(parts[2]), case .int(let count) = parts[4], count >= 0
        else { throw .damaged("it refers to tensor data in an unknown way") }
        var storage = PickleStorage(
            key: key,
            type: type.storageElements,
            typeName: type.name,
            count: count,
            viewOffset: 0,
            recordCount: count
        )
        if parts.count > 5, let view = graph.elements(parts[5]) {
            storage = try Self.view(view, of: storage)
        }
        graph.storages.append(storage)
        return try make(.storage(graph.storages.count - 1))
    }

    /// A storage that is a part of the legacy format's record: name, first element, number of elements.
    private static func view(_ parts: [PickleValue], of record: PickleStorage) throws(WeightProblem) -> PickleStorage {
        guard parts.count == 3, case .int(let offset) = parts[1], case .int(let count) = parts[2],
            offset >= 0, count >= 0, offset <= record.count, count <= record.count - offset
        else { throw .damaged("a part of its tensor data lies outside of the rest") }
        return PickleStorage(
            key: record.key,
            type: record.type,
            typeName: record.typeName,
            count: count,
            viewOffset: offset,
            recordCount: record.count
        )
    }
}
