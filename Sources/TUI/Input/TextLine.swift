/// A line of text being edited, with the habits of a shell's line editor.
struct TextLine: Sendable, Equatable {
    /// More characters than this are not taken: no model reads as much, and every key goes through all of them.
    static let limit = 4096

    /// Graphemes, none of which is a line break or another control character.
    private(set) var characters: [Character]
    /// 0…`characters.count`: the cursor stands before this character.
    private(set) var cursor: Int
    /// What the last deletion of a word or a stretch took, for ``yank()``.
    private(set) var deleted = ""

    init(_ text: String = "") {
        characters = Array(Self.singleLine(text).prefix(Self.limit))
        cursor = characters.count
    }

    var text: String { String(characters) }

    /// Line breaks and tabs become spaces, other control characters vanish.
    static func singleLine(_ text: String) -> String {
        var result = ""
        for character in text {
            if character.isNewline || character == "\t" {
                if result.last != " " || character == "\t" { result.append(" ") }
            } else if !character.unicodeScalars.allSatisfy({ $0.properties.generalCategory == .control }) {
                result.append(character)
            }
        }
        return result
    }

    /// Inserts at the cursor. A combining mark joins the character before it.
    mutating func insert(_ text: String) {
        let inserted = Self.singleLine(String(text.prefix(Self.limit - characters.count)))
        let head = Array(String(characters[..<cursor]) + inserted)
        characters = Array(String(head + characters[cursor...]))
        cursor = min(head.count, characters.count)
    }

    mutating func replace(with text: String) {
        let kept = deleted
        self = TextLine(text)
        deleted = kept
    }

    mutating func place(cursorAt index: Int) { cursor = min(max(0, index), characters.count) }

    mutating func moveLeft() { cursor = max(0, cursor - 1) }
    mutating func moveRight() { cursor = min(characters.count, cursor + 1) }
    mutating func moveToStart() { cursor = 0 }
    mutating func moveToEnd() { cursor = characters.count }
    mutating func moveWordLeft() { cursor = wordStart }
    mutating func moveWordRight() { cursor = wordEnd }

    mutating func deleteBefore() {
        guard cursor > 0 else { return }
        cursor -= 1
        characters.remove(at: cursor)
    }

    mutating func deleteAfter() {
        guard cursor < characters.count else { return }
        characters.remove(at: cursor)
    }

    /// As in a shell, a word before the cursor ends at white space.
    mutating func deleteWordBefore() {
        var start = cursor
        while start > 0, characters[start - 1].isWhitespace { start -= 1 }
        while start > 0, !characters[start - 1].isWhitespace { start -= 1 }
        delete(start..<cursor)
    }

    mutating func deleteWordAfter() { delete(cursor..<wordEnd) }
    mutating func deleteToStart() { delete(0..<cursor) }
    mutating func deleteToEnd() { delete(cursor..<characters.count) }
    mutating func yank() { insert(deleted) }

    private mutating func delete(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        deleted = String(characters[range])
        characters.removeSubrange(range)
        cursor = range.lowerBound
    }

    private static func isPartOfWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    private var wordStart: Int {
        var index = cursor
        while index > 0, !Self.isPartOfWord(characters[index - 1]) { index -= 1 }
        while index > 0, Self.isPartOfWord(characters[index - 1]) { index -= 1 }
        return index
    }

    private var wordEnd: Int {
        var index = cursor
        while index < characters.count, !Self.isPartOfWord(characters[index]) { index += 1 }
        while index < characters.count, Self.isPartOfWord(characters[index]) { index += 1 }
        return index
    }
}

extension TextLine {
    /// Applies an editing command.
    /// - Returns: `false` when the command does not edit text.
    mutating func apply(_ command: Command) -> Bool {
        switch command {
        case .cursorLeft: moveLeft()
        case .cursorRight: moveRight()
        case .wordLeft: moveWordLeft()
        case .wordRight: moveWordRight()
        case .lineStart: moveToStart()
        case .lineEnd: moveToEnd()
        case .deleteBefore: deleteBefore()
        case .deleteAfter: deleteAfter()
        case .deleteWordBefore: deleteWordBefore()
        case .deleteWordAfter: deleteWordAfter()
        case .deleteToStart: deleteToStart()
        case .deleteToEnd: deleteToEnd()
        case .yank: yank()
        default: return false
        }
        return true
    }
}
