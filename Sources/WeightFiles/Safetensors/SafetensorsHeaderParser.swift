/// Reads the JSON of a safetensors header, strictly, taking memory for nothing but the tensors' entries.
struct SafetensorsHeaderParser {
    /// What the header says of one tensor.
    struct Entry {
        var type = ""
        var shape: [Int] = []
        var start = 0
        var end = 0
    }

    /// A member of the outermost object; without a value where it does not describe a tensor.
    typealias Member = (key: String, value: Entry?)

    /// A value as far as an entry needs it.
    private enum Value {
        case string(String)
        case integer(Int)
        /// Up to ``listLimit`` integers.
        case integers([Int])
        case other
    }

    private static let notJSON = WeightProblem("is not a safetensors file (its header is not a JSON object)")
    private static let depthLimit = 32
    /// One more than any entry may have, so that too many are noticed.
    private static let listLimit = TensorInfo.rankLimit + 1

    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The tensors in the file's order, and the metadata.
    mutating func header() throws(WeightProblem) -> ([Member], [String: String]) {
        var members: [Member] = []
        var metadata: [String: String]?
        var names: Set<String> = []
        skipSpace()
        try object { (parser, key) throws(WeightProblem) in
            guard names.insert(key).inserted else { throw .damaged("it names a tensor twice, \(printable(key))") }
            if key == "__metadata__" {
                metadata = try parser.stringMembers()
            } else {
                members.append((try TensorName.checked(key), try parser.entry()))
            }
        }
        skipSpace()
        guard index == bytes.count else { throw Self.notJSON }
        return (members, metadata ?? [:])
    }

    /// The members of an object that are strings; none where there is no object.
    private mutating func stringMembers() throws(WeightProblem) -> [String: String] {
        guard peek() == UInt8(ascii: "{") else {
            _ = try value(1)
            return [:]
        }
        var result: [String: String] = [:]
        try object { (parser, key) throws(WeightProblem) in
            if case .string(let text) = try parser.value(2) { result[key] = text }
        }
        return result
    }

    private mutating func entry() throws(WeightProblem) -> Entry? {
        guard peek() == UInt8(ascii: "{") else {
            _ = try value(1)
            return nil
        }
        var entry = Entry()
        var found: Set<String> = []
        var isWrong = false
        try object { (parser, key) throws(WeightProblem) in
            switch (key, try parser.value(2)) {
            case ("dtype", .string(let type)): entry.type = type
            case ("shape", .integers(let shape)): entry.shape = shape
            case ("data_offsets", .integers(let offsets)) where offsets.count == 2:
                (entry.start, entry.end) = (offsets[0], offsets[1])
            case ("dtype", _), ("shape", _), ("data_offsets", _): isWrong = true
            default: return
            }
            if !found.insert(key).inserted { isWrong = true }
        }
        return isWrong || found.count != 3 ? nil : entry
    }

    // MARK: JSON

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { index += 1 }
    }

    /// Takes a character and the space after it.
    private mutating func take(_ character: Unicode.Scalar) throws(WeightProblem) {
        guard peek() == UInt8(ascii: character) else { throw Self.notJSON }
        index += 1
        skipSpace()
    }

    /// Takes an object, calling `member` where a value begins. The call has to take the value.
    private mutating func object(
        _ member: (inout Self, String) throws(WeightProblem) -> Void
    ) throws(WeightProblem) {
        try take("{")
        if peek() == UInt8(ascii: "}") { return try take("}") }
        while true {
            let key = try string()
            try take(":")
            try member(&self, key)
            if peek() == UInt8(ascii: "}") { return try take("}") }
            try take(",")
        }
    }

    private mutating func value(_ depth: Int) throws(WeightProblem) -> Value {
        guard depth < Self.depthLimit, let first = peek() else { throw Self.notJSON }
        switch first {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["): return try list(depth)
        case UInt8(ascii: "{"):
            try object { (parser, _) throws(WeightProblem) in _ = try parser.value(depth + 1) }
            return .other
        case UInt8(ascii: "t"): return try word("true")
        case UInt8(ascii: "f"): return try word("false")
        case UInt8(ascii: "n"): return try word("null")
        default: return try number()
        }
    }

    private mutating func list(_ depth: Int) throws(WeightProblem) -> Value {
        try take("[")
        var integers: [Int] = []
        var isOther = false
        if peek() == UInt8(ascii: "]") {
            try take("]")
            return .integers([])
        }
        while true {
            if case .integer(let integer) = try value(depth + 1) {
                if integers.count < Self.listLimit { integers.append(integer) }
            } else {
                isOther = true
            }
            if peek() == UInt8(ascii: "]") { break }
            try take(",")
        }
        try take("]")
        return isOther ? .other : .integers(integers)
    }

    private mutating func word(_ word: StaticString) throws(WeightProblem) -> Value {
        let length = word.utf8CodeUnitCount
        let isThere = word.withUTF8Buffer { bytes[index...].prefix(length).elementsEqual($0) }
        guard isThere else { throw Self.notJSON }
        index += length
        skipSpace()
        return .other
    }

    private mutating func number() throws(WeightProblem) -> Value {
        let start = index
        if peek() == UInt8(ascii: "-") { index += 1 }
        let leading = peek()
        let whole = digits()
        guard whole == 1 || (whole > 1 && leading != UInt8(ascii: "0")) else { throw Self.notJSON }
        let text = bytes[start..<index]
        var isWhole = true
        if peek() == UInt8(ascii: ".") {
            index += 1
            isWhole = false
            guard digits() > 0 else { throw Self.notJSON }
        }
        if let byte = peek(), byte | 0x20 == UInt8(ascii: "e") {
            index += 1
            isWhole = false
            if let sign = peek(), [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(sign) { index += 1 }
            guard digits() > 0 else { throw Self.notJSON }
        }
        skipSpace()
        guard isWhole, text.count <= 20, let integer = Int(String(decoding: text, as: UTF8.self)) else { return .other }
        return .integer(integer)
    }

    /// Skips digits and says how many there were.
    private mutating func digits() -> Int {
        let start = index
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { index += 1 }
        return index - start
    }

    private mutating func string() throws(WeightProblem) -> String {
        guard peek() == UInt8(ascii: "\"") else { throw Self.notJSON }
        index += 1
        var text: [UInt8] = []
        while let byte = peek() {
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                skipSpace()
                guard let string = String(validating: text, as: UTF8.self) else { throw Self.notJSON }
                return string
            case UInt8(ascii: "\\"): text += Array(String(try escaped()).utf8)
            case 0..<0x20: throw Self.notJSON
            default: text.append(byte)
            }
        }
        throw Self.notJSON
    }

    /// The character of an escape, whose backslash has been taken.
    private mutating func escaped() throws(WeightProblem) -> Unicode.Scalar {
        guard let byte = peek() else { throw Self.notJSON }
        index += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"): break
        default: throw Self.notJSON
        }
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), bytes[index...].prefix(2).elementsEqual("\\u".utf8) else {
            throw Self.notJSON
        }
        index += 2
        let trail = try codeUnit()
        guard UTF16.isTrailSurrogate(trail),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit - 0xD800) << 10) + UInt32(trail - 0xDC00))
        else { throw Self.notJSON }
        return scalar
    }

    private mutating func codeUnit() throws(WeightProblem) -> UInt16 {
        let text = String(decoding: bytes[index...].prefix(4), as: UTF8.self)
        guard text.utf8.count == 4, text.allSatisfy(\.isHexDigit), let unit = UInt16(text, radix: 16) else {
            throw Self.notJSON
        }
        index += 4
        return unit
    }
}
