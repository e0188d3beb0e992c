extension PickleMachine {
    /// Operations that push a value of their own.
    /// - Returns: whether the code is one of them.
    mutating func push(_ code: UInt8) throws(WeightProblem) -> Bool {
        switch code {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "J"): stack.append(.int(Int(Int32(bitPattern: try input.integer(UInt32.self)))))
        case UInt8(ascii: "K"): stack.append(.int(Int(try input.byte())))
        case UInt8(ascii: "M"): stack.append(.int(Int(try input.integer(UInt16.self))))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): stack.append(try integerLine())
        case 0x8A: stack.append(try large(Int(try input.byte())))
        case 0x8B: stack.append(try large(try signedCount()))
        case UInt8(ascii: "G"):
            stack.append(.float(Double(bitPattern: try input.integer(UInt64.self).byteSwapped)))
        case UInt8(ascii: "F"): stack.append(try floatLine())
        case UInt8(ascii: "S"): stack.append(try quotedLine())
        case UInt8(ascii: "V"):
            stack.append(try make(String(decoding: try input.line(limit: Self.lineLimit), as: UTF8.self)))
        case UInt8(ascii: "X"): stack.append(try text(Int(try input.integer(UInt32.self))))
        case 0x8C: stack.append(try text(Int(try input.byte())))
        case 0x8D: stack.append(try text(try wideCount()))
        // Strings of Python 2, whose keys they are, and bytes of Python 3, which no weights are in.
        case UInt8(ascii: "U"): stack.append(try text(Int(try input.byte())))
        case UInt8(ascii: "T"): stack.append(try text(try signedCount()))
        case UInt8(ascii: "C"): stack.append(try bytes(Int(try input.byte())))
        case UInt8(ascii: "B"): stack.append(try bytes(Int(try input.integer(UInt32.self))))
        case 0x8E, 0x96: stack.append(try bytes(try wideCount()))
        default: return false
        }
        return true
    }

    /// The count of a counted value, in 4 bytes that should not be negative.
    private func signedCount() throws(WeightProblem) -> Int {
        let count = Int32(bitPattern: try input.integer(UInt32.self))
        guard count >= 0 else { throw .damaged("its pickle has a negative length") }
        return Int(count)
    }

    private func wideCount() throws(WeightProblem) -> Int {
        guard let count = Int(exactly: try input.integer(UInt64.self)) else { throw .cutOff() }
        return count
    }

    private mutating func text(_ count: Int) throws(WeightProblem) -> PickleValue {
        guard count <= Self.stringLimit else { return try bytes(count) }
        return try make(String(decoding: try input.bytes(count), as: UTF8.self))
    }

    private mutating func bytes(_ count: Int) throws(WeightProblem) -> PickleValue {
        try input.skip(count)
        return try make(.opaque)
    }

    /// A signed little-endian number of any length.
    private mutating func large(_ count: Int) throws(WeightProblem) -> PickleValue {
        guard count <= 8 else {
            // The one large number of interest begins the legacy format.
            guard count == LegacyStream.magic.count else { return try bytes(count) }
            return try make(try input.bytes(count) == LegacyStream.magic ? .magic : .opaque)
        }
        var value: Int64 = 0
        for (index, byte) in try input.bytes(count).enumerated() { value |= Int64(byte) << (8 * index) }
        let unused = 64 - 8 * count
        return .int(count == 0 ? 0 : Int((value << unused) >> unused))
    }

    private mutating func integerLine() throws(WeightProblem) -> PickleValue {
        var line = String(decoding: try input.line(limit: Self.lineLimit), as: UTF8.self)
        switch line {
        case "00": return .bool(false)
        case "01": return .bool(true)
        default: break
        }
        if line.last == "L" { line.removeLast() }
        if let value = Int(line) { return .int(value) }
        guard line.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == "-") }), !line.isEmpty else {
            throw .damaged("its pickle has a malformed number")
        }
        return try make(line == LegacyStream.magicText ? .magic : .opaque)
    }

    private func floatLine() throws(WeightProblem) -> PickleValue {
        let line = String(decoding: try input.line(limit: Self.lineLimit), as: UTF8.self)
        guard let value = Double(line) else { throw .damaged("its pickle has a malformed number") }
        return .float(value)
    }

    private mutating func quotedLine() throws(WeightProblem) -> PickleValue {
        let line = try input.line(limit: Self.lineLimit)
        guard line.count >= 2, line.first == line.last, [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(line[0]) else {
            throw .damaged("its pickle has a malformed string")
        }
        return try make(Self.unescaped(Array(line.dropFirst().dropLast())))
    }

    /// Text with the escapes that names of tensors might hold; others stay as they are.
    private static func unescaped(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("\\") else { return text }
        return text.replacing("\\'", with: "'").replacing("\\\"", with: "\"").replacing("\\\\", with: "\\")
    }
}
