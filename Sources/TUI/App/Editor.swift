import EngineKit

/// A prompt or a setting being edited in place.
struct Editor: Sendable, Equatable {
    enum Target: Sendable, Equatable {
        case newPrompt
        /// The prompt of that identity.
        case prompt(id: Int)
        case setting(SettingRow)
    }

    /// Why the line cannot be accepted.
    struct Problem: Sendable, Equatable {
        var message: String
        /// Offset of the character at fault.
        var column: Int?
    }

    var target: Target
    var line: TextLine
    /// The closed set of values, if there is one: then the line holds one of them.
    var choices: [String]?
    var problem: Problem?
    var tokens: TokenStatus?

    var context: KeyContext { choices == nil ? .editor : .chooser }

    var isPrompt: Bool {
        switch target {
        case .newPrompt, .prompt: true
        case .setting: false
        }
    }

    var settingRow: SettingRow? {
        switch target {
        case .newPrompt, .prompt: nil
        case .setting(let row): row
        }
    }
}

/// What lies over the panes and takes the keys.
enum Overlay: Sendable, Equatable {
    /// - Parameter firstLine: lines scrolled down.
    case help(firstLine: Int)
    case palette(Palette)
    case path(PathEntry)
    case question(Question)
    case models(ModelList)

    var context: KeyContext {
        switch self {
        case .help: .help
        case .palette: .palette
        case .path: .path
        case .question: .confirmation
        case .models: .models
        }
    }
}

/// The command palette.
struct Palette: Sendable, Equatable {
    var line = TextLine()
    var selection = 0
    /// The pane from which it was opened.
    var origin: Pane

    /// The commands that match what was typed: a name that begins so first, then one with a word that begins so, then
    /// any whose letters occur in order.
    func matches(_ keymap: Keymap) -> [Binding] {
        var seen: Set<Command> = []
        let all = keymap.bindings.filter { binding in
            binding.contexts.contains { !$0.takesText && !Self.overlays.contains($0) }
                && !Self.hidden.contains(binding.command) && seen.insert(binding.command).inserted
        }
        let typed = line.text.lowercased().filter { !$0.isWhitespace && $0 != "-" }
        guard !typed.isEmpty else { return all }
        let ranked = all.enumerated().compactMap { offset, binding in
            Self.rank(binding, typed).map { (rank: $0, offset: offset, binding: binding) }
        }
        return ranked.sorted { ($0.rank, $0.offset) < ($1.rank, $1.offset) }.map(\.binding)
    }

    private static let overlays: Set<KeyContext> = [.confirmation, .chooser, .help, .models]
    private static let hidden: Set<Command> = [.palette, .interrupt]

    private static func rank(_ binding: Binding, _ typed: String) -> Int? {
        let name = binding.command.rawValue
        let joined = name.filter { $0 != "-" }
        if joined.hasPrefix(typed) { return 0 }
        if name.split(separator: "-").contains(where: { $0.hasPrefix(typed) }) { return 1 }
        if joined.contains(typed) { return 2 }
        if binding.help.lowercased().contains(typed) { return 3 }
        var rest = Substring(joined)
        for character in typed {
            guard let found = rest.firstIndex(of: character) else { return nil }
            rest = rest[rest.index(after: found)...]
        }
        return 4
    }
}

/// A path being entered.
struct PathEntry: Sendable, Equatable {
    var title: String
    var line: TextLine
    /// What the path may be completed to.
    var candidates: [String] = []
    /// The candidate in the line, while the completion key goes through them.
    var candidate: Int?
}

/// A question answered with one letter.
struct Question: Sendable, Equatable {
    enum Answer: Sendable, Equatable {
        case startNewRun, loadModels, quit, saveAndQuit, nothing
    }

    struct Choice: Sendable, Equatable {
        var key: Character
        var title: String
        var answer: Answer
    }

    var title: String
    var message: String
    var choices: [Choice]
}
