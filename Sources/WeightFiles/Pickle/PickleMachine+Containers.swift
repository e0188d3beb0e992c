extension PickleMachine {
    /// Operations that rearrange the stack and the memo, and fill containers.
    /// - Returns: whether the code is one of them.
    mutating func arrange(_ code: UInt8) throws(WeightProblem) -> Bool {
        switch code {
        case 0x80: try checkProtocol(try input.byte())
        case 0x95: _ = try input.integer(UInt64.self)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"):
            if stack.count > (marks.last ?? 0) { _ = try pop() } else { _ = try popToMark() }
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "p"): try remember(try indexLine())
        case UInt8(ascii: "q"): try remember(Int(try input.byte()))
        case UInt8(ascii: "r"): try remember(Int(try input.integer(UInt32.self)))
        case 0x94: try remember(memo.count)
        case UInt8(ascii: "g"): try recall(try indexLine())
        case UInt8(ascii: "h"): try recall(Int(try input.byte()))
        case UInt8(ascii: "j"): try recall(Int(try input.integer(UInt32.self)))
        case UInt8(ascii: "]"): stack.append(try make(.list))
        case UInt8(ascii: "l"): stack.append(try make(.list, try popToMark()))
        case UInt8(ascii: ")"): stack.append(try make(.tuple))
        case UInt8(ascii: "t"): stack.append(try make(.tuple, try popToMark()))
        case 0x85: try makeTuple(1)
        case 0x86: try makeTuple(2)
        case 0x87: try makeTuple(3)
        case UInt8(ascii: "}"): stack.append(try make(.dictionary))
        case UInt8(ascii: "d"):
            stack.append(try make(.dictionary))
            try addPairs(try popBelowTop())
        case 0x8F: stack.append(try make(.opaque))
        case 0x91:
            _ = try popToMark()
            stack.append(try make(.opaque))
        case UInt8(ascii: "a"): try addItems([try pop()])
        case UInt8(ascii: "e"), 0x90: try addItems(try popToMark())
        case UInt8(ascii: "s"):
            let value = try pop()
            try addPairs([try pop(), value])
        case UInt8(ascii: "u"): try addPairs(try popToMark())
        default: return false
        }
        return true
    }

    private func checkProtocol(_ version: UInt8) throws(WeightProblem) {
        guard version <= 5 else {
            throw WeightProblem("is a pickle of the unknown protocol \(version)", hint: "choose another file")
        }
    }

    private func indexLine() throws(WeightProblem) -> Int {
        let line = String(decoding: try input.line(limit: 20), as: UTF8.self)
        guard let index = Int(line), index >= 0 else { throw .damaged("its pickle has a malformed reference") }
        return index
    }

    private mutating func remember(_ index: Int) throws(WeightProblem) {
        guard memo.count < Self.nodeLimit * 2 else { throw Self.tooLarge }
        memo[index] = try top()
    }

    private mutating func recall(_ index: Int) throws(WeightProblem) {
        guard let value = memo[index] else { throw .damaged("its pickle refers to something that is not there") }
        stack.append(value)
    }

    private mutating func makeTuple(_ count: Int) throws(WeightProblem) {
        var items: [PickleValue] = []
        for _ in 0..<count { items.append(try pop()) }
        stack.append(try make(.tuple, items.reversed()))
    }

    /// What lies between the last mark and a new value, which stays.
    private mutating func popBelowTop() throws(WeightProblem) -> [PickleValue] {
        guard let value = stack.popLast() else { throw .damaged("its pickle takes more than there is") }
        let values = try popToMark()
        stack.append(value)
        return values
    }

    /// Appends to the list, or the object like one, that is on top.
    private mutating func addItems(_ items: [PickleValue]) throws(WeightProblem) {
        guard case .node(let index) = try top() else { throw .damaged("its pickle appends to what is no list") }
        switch graph.nodes[index].kind {
        case .list, .instance: graph.nodes[index].items += items
        case .opaque: break
        default: throw .damaged("its pickle appends to what is no list")
        }
    }

    /// Adds keys and values, in turn, to the dictionary, or the object like one, that is on top.
    private mutating func addPairs(_ pairs: [PickleValue]) throws(WeightProblem) {
        guard case .node(let index) = try top(), pairs.count.isMultiple(of: 2) else {
            throw .damaged("its pickle has half a pair")
        }
        switch graph.nodes[index].kind {
        case .dictionary, .instance: graph.nodes[index].pairs += pairs
        case .opaque: break
        default: throw .damaged("its pickle puts a key into what is no dictionary")
        }
    }
}
