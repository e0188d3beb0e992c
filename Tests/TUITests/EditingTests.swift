import EngineKit
import Testing

@testable import TUI

@Suite("Editing a line") struct EditingTests {
    private func line(_ text: String, at cursor: Int? = nil, _ commands: Command...) -> TextLine {
        var line = TextLine(text)
        if let cursor { line.place(cursorAt: cursor) }
        for command in commands {
            let isEditing = line.apply(command)
            #expect(isEditing)
        }
        return line
    }

    @Test func deletesAndInsertsAgain() {
        #expect(line("oil painting", .deleteWordBefore).text == "oil ")
        #expect(line("oil painting", .deleteToStart).text == "")
        #expect(line("oil painting", at: 3, .deleteToEnd).text == "oil")
        #expect(line("oil painting", at: 0, .deleteWordAfter).text == " painting")
        #expect(line("oil painting", at: 0, .deleteWordAfter, .lineEnd, .yank).text == " paintingoil")
        #expect(line("oil", .deleteBefore, .lineStart, .deleteAfter).text == "i")
    }

    @Test func movesByWords() {
        #expect(line("one, two three", .wordLeft).cursor == 9)
        #expect(line("one, two three", .wordLeft, .wordLeft).cursor == 5)
        #expect(line("one, two three", at: 0, .wordRight, .wordRight).cursor == 8)
    }

    @Test func nothingHappensAtTheEnds() {
        for command in Command.allCases {
            var line = TextLine("")
            _ = line.apply(command)
            #expect(line.text.isEmpty && line.cursor == 0)
        }
    }

    @Test func countsGraphemesNotBytes() {
        #expect(line("山の絵", .deleteBefore).text == "山の")
        #expect(line("a👩‍🎨b", .cursorLeft, .deleteBefore).text == "ab")
        var accent = TextLine("e")
        accent.insert("\u{301}")
        #expect(accent.text == "e\u{301}")
        #expect(accent.cursor == 1)
    }

    @Test func pastedLineBreaksBecomeSpaces() {
        var line = TextLine("x")
        line.insert("a\r\nb\tc\u{1B}\u{7}d\n\ne")
        #expect(line.text == "xa b cd e")
    }

    @Test func endlessPastesAreCut() {
        var line = TextLine("ab")
        line.place(cursorAt: 1)
        line.insert(String(repeating: "x", count: 1_000_000))
        #expect(line.characters.count == TextLine.limit)
        #expect(line.text.hasSuffix("xb"))
        line.insert("y")
        #expect(line.characters.count == TextLine.limit)
    }

    @Test func theFieldScrollsWithTheCursor() {
        Snapshot.prepareLocale()
        for text in ["", "short", "a much longer line than there is room for", "山の絵山の絵山の絵山の絵山の絵"] {
            for cursor in 0...text.count {
                var line = TextLine(text)
                line.place(cursorAt: cursor)
                var buffer = CellBuffer(size: Size(columns: 14, rows: 1))
                let position = FieldView(line: line).draw(x: 2, y: 0, width: 10, on: &buffer)
                #expect((2..<12).contains(position?.x ?? -1), "\(text) at \(cursor)")
                #expect(buffer[1, 0] == .blank && buffer[12, 0] == .blank)
            }
        }
    }

    @Test(arguments: [
        ("Act 1: dawn", "Act 1: dawn"), (#"Act 1\: 5"#, #"Act 1\: 5"#), ("a:0.5", "a:0.5"), ("a:1:-0.5", "a:1:-0.5"),
        (#"a \| b"#, #"a \| b"#), ("[x:y.png]:2", "[x:y.png]:2"),
    ]) func promptsAreShownWithFewEscapes(_ source: String, _ shown: String) throws {
        let prompt = try PromptParser.prompt(from: source)
        #expect(PromptNotation.editable(prompt) == shown)
    }

    @Test func cutOffWordsAreFound() {
        let status = TokenStatus(TextLine("a | one two three four five six seven eight:0.5"), AppFixture.Words())
        #expect(status.count == 8)
        #expect(status.limit == 6)
        let text = Array("a | one two three four five six seven eight:0.5")
        #expect(status.cutOff.map { String(text[$0]) } == ["seven eight"])
    }
}
