import EngineKit

/// The prompts as the user has them, which may be ahead of what the engine runs with.
struct PromptList: Sendable, Equatable {
    /// A prompt with an identity that survives edits and moves, so that its loss stays one line of the plot.
    struct Entry: Sendable, Equatable {
        let id: Int
        var prompt: Prompt
    }

    private struct Snapshot: Sendable, Equatable {
        let entries: [Entry]
        let selection: Int
    }

    private static let undoLimit = 100

    private(set) var entries: [Entry] = []
    /// Always a row of the list, or 0 when the list is empty.
    private(set) var selection = 0
    private var nextID = 1
    private var past: [Snapshot] = []

    init(_ prompts: [Prompt] = []) {
        entries = newEntries(prompts)
    }

    var prompts: [Prompt] { entries.map(\.prompt) }
    var isEmpty: Bool { entries.isEmpty }
    var canUndo: Bool { !past.isEmpty }
    var selected: Prompt? { entries.indices.contains(selection) ? entries[selection].prompt : nil }

    mutating func select(_ index: Int) { selection = min(max(0, index), max(0, entries.count - 1)) }

    mutating func insert(_ prompts: [Prompt], at index: Int) {
        remember()
        let index = min(max(0, index), entries.count)
        entries.insert(contentsOf: newEntries(prompts), at: index)
        select(index + prompts.count - 1)
    }

    /// Replaces one prompt by one or several; the first keeps the identity.
    mutating func replace(at index: Int, with prompts: [Prompt]) {
        guard entries.indices.contains(index), let first = prompts.first else { return }
        remember()
        entries[index].prompt = first
        entries.insert(contentsOf: newEntries(prompts.dropFirst()), at: index + 1)
        select(index)
    }

    mutating func update(at index: Int, _ change: (inout Prompt) -> Void) {
        guard entries.indices.contains(index) else { return }
        remember()
        change(&entries[index].prompt)
    }

    mutating func remove(at index: Int) {
        guard entries.indices.contains(index) else { return }
        remember()
        entries.remove(at: index)
        select(selection)
    }

    /// Moves the selected prompt up (-1) or down (1).
    /// - Returns: `false` at the end of the list.
    mutating func moveSelected(by offset: Int) -> Bool {
        let target = selection + offset
        guard entries.indices.contains(selection), entries.indices.contains(target) else { return false }
        remember()
        entries.swapAt(selection, target)
        selection = target
        return true
    }

    mutating func undo() {
        guard let snapshot = past.popLast() else { return }
        entries = snapshot.entries
        select(snapshot.selection)
    }

    /// Replaces everything, as after loading a checkpoint; there is nothing to undo afterwards.
    mutating func adopt(_ prompts: [Prompt]) {
        past = []
        entries = newEntries(prompts)
        select(0)
    }

    private mutating func remember() {
        past.append(Snapshot(entries: entries, selection: selection))
        if past.count > Self.undoLimit { past.removeFirst() }
    }

    private mutating func newEntries(_ prompts: some Sequence<Prompt>) -> [Entry] {
        prompts.map { prompt in
            defer { nextID += 1 }
            return Entry(id: nextID, prompt: prompt)
        }
    }
}
