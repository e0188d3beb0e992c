import EngineKit

/// Reads TOML 1.0, except for arrays of tables, from a text that may come from anywhere.
///
/// People edit these files, so no text may end the program: toml++, which TOMLKit wraps, does so by an assertion at a
/// mere `theme = # none`. The configuration file and the themes are read with this parser alone.
public struct ConfigurationParser {
    /// Far beyond what a person writes; keeps hostile files from taking long.
    static let mostKeys = 2000
    static let deepestNesting = 32

    var scalars: [Unicode.Scalar]
    var position = 0
    var line = 1
    private var root = ConfigurationTable()
    private var section: [String] = []
    private var headers: Set<[String]> = []
    private var keyCount = 0

    private init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" { position = 1 }
    }

    /// Reads a text.
    /// - Throws: ``ConfigurationSyntaxError`` with the first line that cannot be understood.
    public static func parse(_ text: String) throws(ConfigurationSyntaxError) -> ConfigurationTable {
        var parser = ConfigurationParser(text)
        while try parser.skipToContent() {
            if parser.next == "[" {
                try parser.readHeader()
            } else {
                try parser.readEntry()
            }
            try parser.endLine()
        }
        return parser.root
    }

    private mutating func readHeader() throws(ConfigurationSyntaxError) {
        position += 1
        if next == "[" { throw failure("a section in double brackets is not used here") }
        section = try readPath()
        guard take("]") else { throw failure("a section's name ends with ]") }
        guard headers.insert(section).inserted else {
            throw failure("section '\(section.joined(separator: "."))' is already there")
        }
        try root.insert(.table(ConfigurationTable()), at: section[...], line: line)
    }

    private mutating func readEntry() throws(ConfigurationSyntaxError) {
        let start = line
        let path = section + (try readPath())
        guard take("=") else { throw failure("a key is followed by = and a value") }
        let value = try readValue(depth: 0)
        try root.insert(value, at: path[...], line: start)
    }

    private mutating func readPath() throws(ConfigurationSyntaxError) -> [String] {
        var path: [String] = []
        repeat {
            skipBlanks()
            path.append(try readKey())
            skipBlanks()
            guard path.count <= Self.deepestNesting else { throw failure("too many dots in a key") }
        } while take(".")
        return path
    }

    private mutating func readKey() throws(ConfigurationSyntaxError) -> String {
        keyCount += 1
        guard keyCount <= Self.mostKeys else { throw failure("more than \(Self.mostKeys) keys") }
        if next == "\"" || next == "'" {
            guard !isAhead("\"\"\""), !isAhead("'''") else { throw failure("a key is written on one line") }
            return try readString()
        }
        let name = takeWhile { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-", "_": true
            default: false
            }
        }
        guard !name.isEmpty else {
            throw failure("a key is made of letters a to z, digits, - and _, or is quoted")
        }
        return name
    }

    mutating func readValue(depth: Int) throws(ConfigurationSyntaxError) -> ConfigurationValue {
        guard depth <= Self.deepestNesting else { throw failure("too many brackets inside each other") }
        skipBlanks()
        switch next {
        case "\"", "'": return .text(try readString())
        case "[": return try readList(depth: depth)
        case "{": return try readInlineTable(depth: depth)
        default: return try readWord()
        }
    }

    private mutating func readList(depth: Int) throws(ConfigurationSyntaxError) -> ConfigurationValue {
        position += 1
        var values: [ConfigurationValue] = []
        while true {
            guard try skipToContent() else { throw failure("a list ends with ]") }
            if take("]") { return .list(values) }
            values.append(try readValue(depth: depth + 1))
            guard try skipToContent() else { throw failure("a list ends with ]") }
            if !take(","), next != "]" { throw failure("values of a list are separated by commas") }
        }
    }

    private mutating func readInlineTable(depth: Int) throws(ConfigurationSyntaxError) -> ConfigurationValue {
        position += 1
        var table = ConfigurationTable()
        skipBlanks()
        if !take("}") {
            repeat {
                let path = try readPath()
                guard take("=") else { throw failure("a key is followed by = and a value") }
                try table.insert(try readValue(depth: depth + 1), at: path[...], line: line)
                skipBlanks()
            } while take(",")
            guard take("}") else { throw failure("a table in braces ends with } on the same line") }
        }
        table.isInline = true
        return .table(table)
    }

    func failure(_ problem: String) -> ConfigurationSyntaxError {
        ConfigurationSyntaxError(line: line, problem: problem)
    }
}
