/// A value of a TOML text.
public indirect enum ConfigurationValue: Sendable, Equatable {
    case text(String)
    /// Digits as `Int` and `Double` read them, so that no whole number loses precision here.
    case number(String)
    case boolean(Bool)
    case list([ConfigurationValue])
    case table(ConfigurationTable)
    /// A date or a time, which nothing here takes.
    case date(String)

    /// The value in the notation of a setting: numbers as they are, lists as words. `nil` for a table or a date.
    public var notation: String? {
        switch self {
        case .text(let text), .number(let text): return text
        case .boolean(let boolean): return String(boolean)
        case .list(let values):
            let words = values.compactMap(\.notation)
            return words.count == values.count ? words.joined(separator: " ") : nil
        case .table, .date: return nil
        }
    }

    /// What kind of value it is, for a message.
    public var kind: String {
        switch self {
        case .text: "a text"
        case .number: "a number"
        case .boolean: "true or false"
        case .list: "a list"
        case .table: "a table"
        case .date: "a date"
        }
    }
}

/// A table of a TOML text, which remembers the line of each key.
public struct ConfigurationTable: Sendable, Equatable {
    public internal(set) var values: [String: ConfigurationValue] = [:]
    public internal(set) var lines: [String: Int] = [:]
    /// Written in braces, and complete with that.
    var isInline = false

    public subscript(key: String) -> ConfigurationValue? { values[key] }

    /// Puts a value under a path of keys; tables on the way are made.
    mutating func insert(
        _ value: ConfigurationValue,
        at path: ArraySlice<String>,
        line: Int
    ) throws(ConfigurationSyntaxError) {
        guard let key = path.first else { return }
        var inserted = value
        if path.count > 1 || values[key] != nil {
            inserted = .table(try openTable(key, path, isHeader: path.count == 1 && value == .table(Self()), line))
        }
        if path.count > 1, case .table(var table) = inserted {
            try table.insert(value, at: path.dropFirst(), line: line)
            inserted = .table(table)
        }
        values[key] = inserted
        if lines[key] == nil { lines[key] = line }
    }

    /// The table under a key that more keys may be added to.
    private func openTable(
        _ key: String,
        _ path: ArraySlice<String>,
        isHeader: Bool,
        _ line: Int
    ) throws(ConfigurationSyntaxError) -> ConfigurationTable {
        guard let existing = values[key] else { return Self() }
        if path.count > 1 || isHeader, case .table(let table) = existing, !table.isInline { return table }
        let first = lines[key].map { " in line \($0)" } ?? ""
        throw ConfigurationSyntaxError(line: line, problem: "'\(key)' is already there\(first)")
    }
}

/// A text that is not TOML.
public struct ConfigurationSyntaxError: Error, Sendable, Hashable {
    public let line: Int
    public let problem: String
}
