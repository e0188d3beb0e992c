import EngineKit
import TOMLKit

/// A TOML value without the parser's classes, which must not leave the thread.
indirect enum ConfigurationValue: Sendable, Equatable {
    case text(String)
    case number(String)
    case boolean(Bool)
    case list([ConfigurationValue])
    case table([String: ConfigurationValue])
    /// A value that no key takes, by the name of its type.
    case other(String)

    init(_ value: TOMLValue) {
        if let text = value.string {
            self = .text(text)
        } else if let number = value.int {
            self = .number(String(number))
        } else if let number = value.double {
            self = .number(PromptParser.number(number))
        } else if let boolean = value.bool {
            self = .boolean(boolean)
        } else if let array = value.array {
            self = .list((0..<array.count).map { ConfigurationValue(array[$0].tomlValue) })
        } else if let table = value.table {
            self = .table(Self.entries(of: table))
        } else {
            self = .other(value.type.description)
        }
    }

    /// Asks for each value by its key: the parser's own iteration traps on a key with a NUL in it.
    static func entries(of table: TOMLTable) -> [String: ConfigurationValue] {
        var entries: [String: ConfigurationValue] = [:]
        for key in table.keys {
            entries[key] = table[key].map { ConfigurationValue($0.tomlValue) } ?? .other("value")
        }
        return entries
    }

    /// The value in the notation of a setting: numbers as written, lists as words. `nil` for a table or a date.
    var notation: String? {
        switch self {
        case .text(let text), .number(let text): return text
        case .boolean(let boolean): return String(boolean)
        case .list(let values):
            let words = values.compactMap(\.notation)
            return words.count == values.count ? words.joined(separator: " ") : nil
        case .table, .other: return nil
        }
    }

    /// What kind of value it is, for a message.
    var kind: String {
        switch self {
        case .text: "a text"
        case .number: "a number"
        case .boolean: "true or false"
        case .list: "a list"
        case .table: "a table"
        case .other(let name): "a \(name)"
        }
    }
}
