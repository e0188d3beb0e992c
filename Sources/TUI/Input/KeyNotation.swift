extension KeyEvent {
    private static let namedKeys: [(name: String, label: String, key: Key)] = [
        ("enter", "⏎", .enter), ("esc", "esc", .escape), ("tab", "tab", .tab), ("space", "space", .character(" ")),
        ("backspace", "⌫", .backspace), ("delete", "del", .delete), ("insert", "ins", .insert),
        ("up", "↑", .up), ("down", "↓", .down), ("left", "←", .left), ("right", "→", .right),
        ("home", "home", .home), ("end", "end", .end), ("page-up", "pgup", .pageUp), ("page-down", "pgdn", .pageDown),
    ]

    /// Reads a chord as it is written in the configuration: `ctrl-s`, `alt-b`, `shift-tab`, `J`, `space`, `f5`.
    /// - Returns: `nil` when the text names no key.
    init?(notation: String) {
        var rest = Substring(notation)
        var event = KeyEvent(.escape)
        while true {
            if rest.hasPrefix("ctrl-"), rest.count > 5 {
                event.isControl = true
                rest = rest.dropFirst(5)
            } else if rest.hasPrefix("alt-"), rest.count > 4 {
                event.isAlt = true
                rest = rest.dropFirst(4)
            } else if rest.hasPrefix("shift-"), rest.count > 6 {
                event.isShift = true
                rest = rest.dropFirst(6)
            } else {
                break
            }
        }
        guard let key = Self.key(named: rest) else { return nil }
        event.key = key
        self = event.withShiftInCharacter
    }

    private static func key(named name: Substring) -> Key? {
        if let named = namedKeys.first(where: { $0.name == name }) { return named.key }
        if name == "escape" { return .escape }
        if name.first == "f", let number = Int(name.dropFirst()), (1...24).contains(number) { return .function(number) }
        guard name.count == 1, let character = name.first, !character.isWhitespace else { return nil }
        return .character(character)
    }

    /// Shift belongs to the character itself, so that `shift-a` and `A` are one chord.
    private var withShiftInCharacter: KeyEvent {
        guard isShift, case .character(let character) = key else { return self }
        var event = self
        event.isShift = false
        if let upper = character.uppercased().first { event.key = .character(upper) }
        return event
    }

    /// The chord as ``init(notation:)`` reads it.
    var notation: String { prefix + name(\.name) }

    /// The chord for narrow places: `⏎`, `↑`, `^s`.
    var label: String {
        if isControl, !isAlt, !isShift, case .character = key { return "^" + name(\.label) }
        return prefix + name(\.label)
    }

    private var prefix: String {
        (isControl ? "ctrl-" : "") + (isAlt ? "alt-" : "") + (isShift ? "shift-" : "")
    }

    private func name(_ form: KeyPath<(name: String, label: String, key: Key), String>) -> String {
        if let named = Self.namedKeys.first(where: { $0.key == key }) { return named[keyPath: form] }
        return switch key {
        case .character(let character): String(character)
        case .function(let number): "f\(number)"
        default: "?"
        }
    }
}
