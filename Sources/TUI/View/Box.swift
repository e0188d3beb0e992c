/// A border with a title, and something small at its lower right.
struct Box {
    var rect: Rect
    var title: [Span]
    var isFocused: Bool
    /// Shown in the bottom border.
    var corner: [Span] = []
    /// A pane above or below shares this box's border.
    var joinsAbove = false
    var joinsBelow = false

    private var style: CellStyle { CellStyle(isFocused ? .borderFocused : .border) }

    func draw(on buffer: inout CellBuffer) {
        drawLines(on: &buffer)
        drawLabels(on: &buffer)
    }

    /// Title and corner, which must come after the lines of the neighbours that share this border.
    func drawLabels(on buffer: inout CellBuffer) {
        guard rect.width >= 2, rect.height >= 2 else { return }
        if !title.isEmpty {
            let spans = [Span(" ", style)] + title + [Span(" ", style)]
            buffer.write(spans, x: rect.x + 1, y: rect.y, maxWidth: rect.width - 2)
        }
        drawCorner(on: &buffer)
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

    private func drawCorner(on buffer: inout CellBuffer) {
        let spans = [Span(" ", style)] + corner + [Span(" ", style)]
        guard !corner.isEmpty, spans.width + 4 <= rect.width else { return }
        buffer.write(spans, x: rect.maxX - 2 - spans.width, y: rect.maxY - 1, maxWidth: spans.width)
    }

    private func line(y: Int, _ left: String, _ right: String, on buffer: inout CellBuffer) {
        let dash = Cell(text: "─", style: style)
        buffer.fill(Rect(x: rect.x + 1, y: y, width: rect.width - 2, height: 1), with: dash)
        buffer[rect.x, y] = Cell(text: left, style: style)
        buffer[rect.maxX - 1, y] = Cell(text: right, style: style)
    }
}
