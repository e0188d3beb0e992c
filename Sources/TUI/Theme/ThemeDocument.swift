import Configuration

/// A theme's file as written: names of colours, not yet looked up. Documents that inherit from each other are merged
/// before that, so a child may change a colour of its parent's palette.
struct ThemeDocument: Sendable, Equatable {
    struct Role: Sendable, Equatable {
        /// A name or a number, as written; `nil` takes the colour of `text`.
        var foreground: String?
        var background: String?
        var isBold = false
        var isUnderlined = false
        var isReversed = false
    }

    /// The file, for messages.
    var file: String
    var inherits: String?
    var palette: [String: String] = [:]
    var roles: [ThemeRole: Role] = [:]

    /// Reads a document; what cannot be understood is left out and becomes an issue.
    static func parse(_ text: String, file: String) -> (document: ThemeDocument, issues: [ThemeIssue]) {
        var reader = Reader(document: ThemeDocument(file: file))
        do {
            reader.read(try ConfigurationParser.parse(text))
        } catch {
            reader.report("", "is not TOML: \(error.problem)", line: error.line)
        }
        // In the order of the file, as it will be worked through.
        return (reader.document, reader.issues.sorted { ($0.line ?? 0, $0.key) < ($1.line ?? 0, $1.key) })
    }

    /// Walks the table; knows the keys there may be.
    private struct Reader {
        var document: ThemeDocument
        var issues: [ThemeIssue] = []

        mutating func report(_ key: String, _ problem: String, line: Int?, suggestion: String? = nil) {
            issues.append(
                ThemeIssue(file: document.file, line: line, key: key, problem: problem, suggestion: suggestion)
            )
        }

        mutating func reportUnknown(_ key: String, in path: String, line: Int?, known: [String]) {
            report(path + key, "unknown key", line: line, suggestion: ThemeIssue.nearest(to: key, among: known))
        }

        mutating func read(_ table: ConfigurationTable) {
            for (key, value) in table.values.sorted(by: { $0.key < $1.key }) {
                let line = table.lines[key]
                switch key {
                case "inherits": document.inherits = text(value, "inherits", line)
                case "palette": readPalette(value, line)
                case "roles": readRoles(value, line)
                default: reportUnknown(key, in: "", line: line, known: ["inherits", "palette", "roles"])
                }
            }
        }

        mutating func readPalette(_ value: ConfigurationValue, _ line: Int?) {
            guard case .table(let table) = value else {
                return report("palette", "must be a table of colours", line: line)
            }
            for (name, value) in table.values.sorted(by: { $0.key < $1.key }) {
                document.palette[name] = text(value, "palette.\(name)", table.lines[name])
            }
        }

        mutating func readRoles(_ value: ConfigurationValue, _ line: Int?) {
            guard case .table(let table) = value else {
                return report("roles", "must be a table of roles", line: line)
            }
            for (key, value) in table.values.sorted(by: { $0.key < $1.key }) {
                let line = table.lines[key]
                guard let role = ThemeRole(rawValue: key) else {
                    reportUnknown(key, in: "roles.", line: line, known: ThemeRole.allCases.map(\.rawValue))
                    continue
                }
                switch value {
                case .text(let foreground): document.roles[role] = Role(foreground: foreground)
                case .table(let style): document.roles[role] = readStyle(style, path: "roles.\(key).")
                default:
                    let problem = "must be a table like { fg = \"#87d7ff\", bold = true } or a colour"
                    report("roles.\(key)", problem, line: line)
                }
            }
        }

        mutating func readStyle(_ table: ConfigurationTable, path: String) -> Role {
            var style = Role()
            for (key, value) in table.values.sorted(by: { $0.key < $1.key }) {
                let line = table.lines[key]
                switch key {
                case "fg": style.foreground = text(value, path + key, line)
                case "bg": style.background = text(value, path + key, line)
                case "bold": style.isBold = flag(value, path + key, line)
                case "underline": style.isUnderlined = flag(value, path + key, line)
                case "reverse": style.isReversed = flag(value, path + key, line)
                default:
                    reportUnknown(key, in: path, line: line, known: ["fg", "bg", "bold", "underline", "reverse"])
                }
            }
            return style
        }

        mutating func text(_ value: ConfigurationValue, _ key: String, _ line: Int?) -> String? {
            if case .text(let text) = value { return text }
            report(key, "must be a text in quotes", line: line)
            return nil
        }

        mutating func flag(_ value: ConfigurationValue, _ key: String, _ line: Int?) -> Bool {
            if case .boolean(let flag) = value { return flag }
            report(key, "must be true or false", line: line)
            return false
        }
    }
}
