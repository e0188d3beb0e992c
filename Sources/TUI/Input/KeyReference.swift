/// Writes `docs/keys.md` from the binding table.
enum KeyReference {
    static func markdown(_ keymap: Keymap) -> String {
        var lines = [
            "# Keys", "",
            "Made from the binding table in `Sources/TUI/Input/Binding.swift`; record it anew with",
            "`UPDATE_SNAPSHOTS=1 swift test --filter Keymap`.", "",
            "Any command can be given other keys in the `[keys]` table of the configuration, by the name in the last",
            "column: `save-picture = \"ctrl-s\"`. Several keys are separated by spaces; an empty text takes the key away.",
        ]
        for context in KeyContext.allCases {
            let bindings = keymap.bindings.filter { $0.contexts.contains(context) }
            guard !bindings.isEmpty else { continue }
            lines += ["", "## \(context.title)", "", "| key | does | command |", "|---|---|---|"]
            lines += bindings.map { row($0) }
            if context == .confirmation {
                lines += ["", "The other answers are the letters shown in the question."]
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ binding: Binding) -> String {
        let chords = binding.chords.map { "`\($0.notation)`" }.joined(separator: " ")
        return "| \(chords) | \(binding.help) | `\(binding.command.rawValue)` |"
    }
}
