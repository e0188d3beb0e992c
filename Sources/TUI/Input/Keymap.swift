/// The binding table with the user's changes, ready for look-up.
struct Keymap: Sendable {
    let bindings: [Binding]
    /// What in the user's overrides could not be used, one line each.
    let issues: [String]
    private let commands: [KeyContext: [KeyEvent: Command]]

    /// - Parameter overrides: the name of a command → one or more chords separated by spaces; none takes the key away.
    init(overrides: [String: String] = [:]) {
        var bindings = Binding.standard
        var issues: [String] = []
        for (name, notation) in overrides.sorted(by: { $0.key < $1.key }) {
            issues += Self.apply(name, notation, to: &bindings)
        }
        commands = Self.table(of: bindings, &issues)
        self.bindings = bindings
        self.issues = issues
    }

    /// The command of a key, looked up in the context and then in the wider ones.
    func command(for key: KeyEvent, in context: KeyContext) -> Command? {
        for context in context.chain {
            if let command = commands[context]?[key] { return command }
        }
        return nil
    }

    /// The rows that apply in a context, the nearest first.
    func bindings(in context: KeyContext) -> [Binding] {
        context.chain.flatMap { context in bindings.filter { $0.contexts.contains(context) } }
    }

    /// The chord shown for a command, or `nil` if it has no key.
    func label(of command: Command) -> String? {
        bindings.first { $0.command == command && !$0.chords.isEmpty }?.chords.first?.label
    }

    private static func apply(_ name: String, _ notation: String, to bindings: inout [Binding]) -> [String] {
        guard let command = Command(rawValue: name) else {
            return ["keys: '\(name)' is not a command; ':' lists their names"]
        }
        var chords: [KeyEvent] = []
        var issues: [String] = []
        for word in notation.split(separator: " ") {
            if let chord = KeyEvent(notation: String(word)) {
                chords.append(chord)
            } else {
                issues.append("keys: '\(word)' for \(name) is not a key; write one such as ctrl-s, J or f5")
            }
        }
        guard issues.isEmpty else { return issues }
        for index in bindings.indices where bindings[index].command == command { bindings[index].chords = chords }
        return []
    }

    private static func table(of bindings: [Binding], _ issues: inout [String]) -> [KeyContext: [KeyEvent: Command]] {
        var table: [KeyContext: [KeyEvent: Command]] = [:]
        for binding in bindings {
            for context in binding.contexts {
                for chord in binding.chords {
                    if let taken = table[context]?[chord], taken != binding.command {
                        issues.append(
                            "keys: \(chord.notation) is already \(taken.rawValue); \(binding.command.rawValue) goes without"
                        )
                    } else {
                        table[context, default: [:]][chord] = binding.command
                    }
                }
            }
        }
        return table
    }
}
