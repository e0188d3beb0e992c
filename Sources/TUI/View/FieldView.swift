/// A line of text with a cursor, scrolled so that the cursor is seen.
struct FieldView {
    let line: TextLine
    /// Stretches in the warning colour.
    var cutOff: [Range<Int>] = []
    /// The character at fault.
    var errorColumn: Int?

    /// Draws into one row and returns where the cursor stands.
    func draw(x: Int, y: Int, width: Int, on buffer: inout CellBuffer) -> Screen.Position? {
        guard width > 0 else { return nil }
        let area = Rect(x: x, y: y, width: width, height: 1)
        buffer.fillRow(area, y: y, CellStyle(.input))
        let first = firstColumn(width: width)
        var column = 0
        var cursorX = x
        for (index, character) in line.characters.enumerated() {
            if index == line.cursor { cursorX = x + column - first }
            let characterWidth = TextMeasure.width(of: character)
            let place = column - first
            if place >= 0, place + characterWidth <= width {
                buffer.write(String(character), x: x + place, y: y, style: style(at: index), maxWidth: characterWidth)
            }
            column += characterWidth
        }
        if line.cursor == line.characters.count { cursorX = x + column - first }
        if first > 0 { buffer[x, y] = Cell(text: "…", style: CellStyle(.muted)) }
        if column - first > width { buffer[x + width - 1, y] = Cell(text: "…", style: CellStyle(.muted)) }
        drawCursor(x: cursorX, y: y, on: &buffer)
        return Screen.Position(x: min(cursorX, x + width - 1), y: y)
    }

    /// The column on screen, counted from the field's left, of a character.
    func place(of index: Int, width: Int) -> Int {
        let column = line.characters.prefix(index).reduce(0) { $0 + TextMeasure.width(of: $1) }
        return min(max(0, column - firstColumn(width: width)), width - 1)
    }

    /// Columns scrolled away. A quarter of the field stays ahead of the cursor, until the text ends.
    private func firstColumn(width: Int) -> Int {
        let total = line.characters.reduce(0) { $0 + TextMeasure.width(of: $1) } + 1
        let cursor = line.characters.prefix(line.cursor).reduce(0) { $0 + TextMeasure.width(of: $1) }
        return max(0, min(cursor - width * 3 / 4, total - width))
    }

    private func style(at index: Int) -> CellStyle {
        if index == errorColumn { return CellStyle(.error, isUnderlined: true) }
        return CellStyle(cutOff.contains { $0.contains(index) } ? .warning : .input)
    }

    private func drawCursor(x: Int, y: Int, on buffer: inout CellBuffer) {
        let style = CellStyle(.inputCursor)
        var cell = buffer[x, y]
        if cell.text.isEmpty { return }
        cell.style = style
        buffer[x, y] = cell
        if TextMeasure.width(of: cell.text) == 2 { buffer[x + 1, y].style = style }
    }
}
