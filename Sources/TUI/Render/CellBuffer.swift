/// A screen's worth of cells. Views draw into it; nothing else touches the terminal.
///
/// Drawing outside is clipped, so views may be careless at any size, including none.
struct CellBuffer: Sendable, Equatable {
    let size: Size
    /// `size.columns * size.rows` cells, row by row.
    private(set) var cells: [Cell]

    init(size: Size, fill: Cell = .blank) {
        self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
        cells = Array(repeating: fill, count: self.size.columns * self.size.rows)
    }

    var bounds: Rect { Rect(x: 0, y: 0, width: size.columns, height: size.rows) }

    /// The cell at a place inside the buffer; blank outside.
    subscript(x: Int, y: Int) -> Cell {
        get { bounds.contains(x: x, y: y) ? cells[y * size.columns + x] : .blank }
        set { if bounds.contains(x: x, y: y) { cells[y * size.columns + x] = newValue } }
    }

    /// Writes text from a place to the right, cut at `maxWidth` columns and at the buffer's edge.
    /// - Returns: the number of columns used.
    @discardableResult
    mutating func write(_ text: String, x: Int, y: Int, style: CellStyle, maxWidth: Int = .max) -> Int {
        var column = 0
        for character in text {
            let width = TextMeasure.width(of: character)
            guard width > 0 else { continue }
            guard column + width <= maxWidth, x + column + width <= size.columns else { break }
            self[x + column, y] = Cell(text: String(character), style: style)
            if width == 2 { self[x + column + 1, y] = Cell(text: "", style: style) }
            column += width
        }
        return column
    }

    /// Fills a rectangle.
    mutating func fill(_ rect: Rect, with cell: Cell) {
        for y in max(0, rect.y)..<max(0, rect.y, min(rect.maxY, size.rows)) {
            for x in max(0, rect.x)..<max(0, rect.x, min(rect.maxX, size.columns)) { self[x, y] = cell }
        }
    }
}
