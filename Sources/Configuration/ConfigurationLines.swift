import EngineKit

/// On which line each key of a TOML text stands. The parser does not tell for valid keys with unusable values, so this
/// looks for them itself; a key written in an unusual way is just not found.
struct ConfigurationLines: Sendable {
    private var lines: [String: Int] = [:]

    init(_ text: String) {
        var section = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = line.trimmingPrefix { $0 == " " || $0 == "\t" }
            if line.hasPrefix("[") {
                section = Self.name(line.drop { $0 == "[" }.prefix { $0 != "]" })
                note(section, at: index + 1)
            } else if !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") {
                let name = Self.name(line[..<equals])
                note(section.isEmpty ? name : "\(section).\(name)", at: index + 1)
            }
        }
    }

    subscript(key: String) -> Int? { lines[key] }

    private mutating func note(_ key: String, at line: Int) {
        if lines[key] == nil { lines[key] = line }
    }

    private static func name(_ text: some StringProtocol) -> String {
        String(text.filter { !" \t\r\"'".contains($0) })
    }
}
