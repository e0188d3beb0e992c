/// Makes a theme of documents: merges those that inherit and looks the colours up. Pure.
struct ThemeComposer {
    /// Where a palette colour or a role was written, for messages.
    private struct Entry<Value> {
        var value: Value
        var file: String
    }

    /// The terminal's own sixteen colours, which every palette has unless it says otherwise.
    static let terminalColors: [String] = [
        "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
        "bright-black", "bright-red", "bright-green", "bright-yellow",
        "bright-blue", "bright-magenta", "bright-cyan", "bright-white",
    ]

    private var palette: [String: Entry<String>] = [:]
    private var roles: [ThemeRole: Entry<ThemeDocument.Role>] = [:]
    private var issues: [ThemeIssue] = []

    /// - Parameters:
    ///   - documents: a theme, the one it inherits from, and so on.
    ///   - base: gives the roles that none of them has.
    static func compose(
        name: String,
        documents: [ThemeDocument],
        base: Theme
    ) -> (theme: Theme, issues: [ThemeIssue]) {
        var composer = ThemeComposer()
        for document in documents.reversed() {
            for (name, color) in document.palette { composer.palette[name] = Entry(value: color, file: document.file) }
            for (role, style) in document.roles { composer.roles[role] = Entry(value: style, file: document.file) }
        }
        composer.checkPalette()
        // What a role does not say, it has from the text, so that a page has one ground.
        let ground = base.style(of: .text)
        let canvas = composer.style(of: .text, canvas: ground) ?? ground
        var theme = Theme(name: name, styles: base.styles)
        theme.styles[.text] = canvas
        for role in ThemeRole.allCases where role != .text {
            if let style = composer.style(of: role, canvas: canvas) { theme.styles[role] = style }
        }
        return (theme, composer.issues)
    }

    /// Broken colours count even if no role uses them.
    private mutating func checkPalette() {
        for (name, entry) in palette.sorted(by: { $0.key < $1.key }) where Self.parse(entry.value) == nil {
            report(entry.file, "palette.\(name)", "\"\(entry.value)\" is no colour; write it as \"#rrggbb\"")
        }
    }

    private mutating func style(of role: ThemeRole, canvas: RoleStyle) -> RoleStyle? {
        guard let entry = roles[role] else { return nil }
        let written = entry.value
        var style = RoleStyle(
            foreground: canvas.foreground,
            background: canvas.background,
            isBold: written.isBold,
            isUnderlined: written.isUnderlined,
            isReversed: written.isReversed
        )
        if let name = written.foreground, let color = lookUp(name, entry.file, "roles.\(role.rawValue).fg") {
            style.foreground = color.value
        }
        if let name = written.background, let color = lookUp(name, entry.file, "roles.\(role.rawValue).bg") {
            style.background = color.value
        }
        return style
    }

    /// A colour that was found; its value is `nil` for the terminal's own.
    private struct Color {
        var value: UInt32?
    }

    private mutating func lookUp(_ name: String, _ file: String, _ key: String) -> Color? {
        let text = palette[name]?.value ?? name
        if let color = Self.parse(text) { return color }
        // A broken colour of the palette has been reported where it stands.
        guard palette[name] == nil else { return nil }
        let problem =
            name.hasPrefix("#")
            ? "\"\(name)\" is no colour; write it as \"#rrggbb\"" : "no colour \"\(name)\" in the palette"
        report(
            file,
            key,
            problem,
            suggestion: ThemeIssue.nearest(to: name, among: palette.keys.sorted() + Self.terminalColors)
        )
        return nil
    }

    private mutating func report(_ file: String, _ key: String, _ problem: String, suggestion: String? = nil) {
        issues.append(ThemeIssue(file: file, key: key, problem: problem, suggestion: suggestion))
    }

    /// Reads `#rrggbb`, `#rgb`, `default` or one of the terminal's colours.
    private static func parse(_ text: String) -> Color? {
        if text == "default" { return Color(value: nil) }
        if let index = terminalColors.firstIndex(of: text) { return Color(value: TerminalColor.named(index)) }
        let digits = text.utf8.dropFirst()
        guard text.hasPrefix("#"), digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        guard let value = UInt32(text.dropFirst(), radix: 16) else { return nil }
        switch digits.count {
        case 6: return Color(value: value)
        // Every digit twice.
        case 3: return Color(value: (value >> 8 & 15) * 0x110000 | (value >> 4 & 15) * 0x1100 | (value & 15) * 0x11)
        default: return nil
        }
    }
}
