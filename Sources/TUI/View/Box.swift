/// A border with a title.
struct Box {
    var rect: Rect
    var title: [Span]
    var isFocused: Bool
    /// A pane above or below shares this box's border.
    var joinsAbove = false
    var joinsBelow = false

    private var style: CellStyle { CellStyle(isFocused ? .borderFocused : .border) }

    func draw(on buffer: inout CellBuffer) {
        drawLines(on: &buffer)
        drawTitle(on: &buffer)
    }

    /// Comes after the lines of the neighbours that share this border.
    func drawTitle(on buffer: inout CellBuffer) {
        guard rect.width >= 2, rect.height >= 2, !title.isEmpty else { return }
        let spans = [Span(" ", style)] + title + [Span(" ", style)]
        buffer.write(spans, x: rect.x + 1, y: rect.y, maxWidth: rect.width - 2)
    }

    func drawLines(on buffer: inout CellBuffer) {
        guard rect.width >= 2, rect.height >= 2 else { return }
        let (left, right, bottom) = (rect.x, rect.maxX - 1, rect.maxY - 1)
        line(y: rect.y, joinsAbove ? "├" : "┌", joinsAbove ? "┤" : "┐", on: &buffer)
        line(y: bottom, joinsBelow ? "├" : "└", joinsBelow ? "┤" : "┘", on: &buffer)
        for y in (rect.y + 1)..<bottom {
            buffer[left, y] = Cell(text: "│", style: style)
            buffer[right, y] = Cell(text: "│", style: style)
        }
    }

    private func line(y: Int, _ left: String, _ right: String, on buffer: inout CellBuffer) {
        let dash = Cell(text: "─", style: style)
        buffer.fill(Rect(x: rect.x + 1, y: y, width: rect.width - 2, height: 1), with: dash)
        buffer[rect.x, y] = Cell(text: left, style: style)
        buffer[rect.maxX - 1, y] = Cell(text: right, style: style)
    }
}
