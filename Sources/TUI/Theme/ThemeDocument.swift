import TOMLKit

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
            reader.read(try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            reader.report("line \(error.source.begin.line)", "not valid TOML: \(error.description)")
        } catch {
            reader.report("", "not valid TOML: \(error)")
        }
        return (reader.document, reader.issues)
    }

    /// Walks the table; knows the keys there may be.
    private struct Reader {
        var document: ThemeDocument
        var issues: [ThemeIssue] = []

        mutating func report(_ key: String, _ problem: String, suggestion: String? = nil) {
            issues.append(ThemeIssue(file: document.file, key: key, problem: problem, suggestion: suggestion))
        }

        mutating func reportUnknown(_ key: String, in path: String, known: [String]) {
            report(path + key, "unknown key", suggestion: ThemeIssue.nearest(to: key, among: known))
        }

        mutating func read(_ table: TOMLTable) {
            for key in table.keys.sorted() {
                switch key {
                case "inherits": document.inherits = string(table, key, path: "")
                case "palette": readPalette(table)
                case "roles": readRoles(table)
                default: reportUnknown(key, in: "", known: ["inherits", "palette", "roles"])
                }
            }
        }

        mutating func readPalette(_ parent: TOMLTable) {
            guard let table = parent["palette"]?.table else { return report("palette", "must be a table of colours") }
            for name in table.keys.sorted() { document.palette[name] = string(table, name, path: "palette.") }
        }

        mutating func readRoles(_ parent: TOMLTable) {
            guard let table = parent["roles"]?.table else { return report("roles", "must be a table of roles") }
            for key in table.keys.sorted() {
                guard let role = ThemeRole(rawValue: key) else {
                    reportUnknown(key, in: "roles.", known: ThemeRole.allCases.map(\.rawValue))
                    continue
                }
                if let foreground = table[key]?.string {
                    document.roles[role] = Role(foreground: foreground)
                } else if let style = table[key]?.table {
                    document.roles[role] = readStyle(style, path: "roles.\(key).")
                } else {
                    report("roles.\(key)", "must be a table like { fg = \"#87d7ff\", bold = true } or a colour")
                }
            }
        }

        mutating func readStyle(_ table: TOMLTable, path: String) -> Role {
            var style = Role()
            for key in table.keys.sorted() {
                switch key {
                case "fg": style.foreground = string(table, key, path: path)
                case "bg": style.background = string(table, key, path: path)
                case "bold": style.isBold = bool(table, key, path: path)
                case "underline": style.isUnderlined = bool(table, key, path: path)
                case "reverse": style.isReversed = bool(table, key, path: path)
                default: reportUnknown(key, in: path, known: ["fg", "bg", "bold", "underline", "reverse"])
                }
            }
            return style
        }

        mutating func string(_ table: TOMLTable, _ key: String, path: String) -> String? {
            let value = table[key]?.string
            if value == nil { report(path + key, "must be a text in quotes") }
            return value
        }

        mutating func bool(_ table: TOMLTable, _ key: String, path: String) -> Bool {
            let value = table[key]?.bool
            if value == nil { report(path + key, "must be true or false") }
            return value ?? false
        }
    }
}
