/// A grid of dots, two across and four down in every cell.
struct BrailleCanvas {
    private struct Dots {
        var bits: UInt8 = 0
        var style = CellStyle()
    }

    let columns: Int
    let rows: Int
    private var cells: [Dots]

    init(columns: Int, rows: Int) {
        self.columns = max(0, columns)
        self.rows = max(0, rows)
        cells = Array(repeating: Dots(), count: self.columns * self.rows)
    }

    var dotsAcross: Int { columns * 2 }
    var dotsDown: Int { rows * 4 }

    /// Sets a dot; outside it is ignored. The cell takes the style of its last dot.
    mutating func set(x: Int, y: Int, _ style: CellStyle) {
        guard (0..<dotsAcross).contains(x), (0..<dotsDown).contains(y) else { return }
        // The fourth row was added to Braille later, so its bits stand apart.
        let bit: UInt8 = y % 4 == 3 ? 0x40 << (x % 2) : (1 << (y % 4)) << (x % 2 * 3)
        let index = y / 4 * columns + x / 2
        cells[index].bits |= bit
        cells[index].style = style
    }

    /// A straight line of dots, both ends included.
    mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ style: CellStyle) {
        let (across, down) = (end.x - start.x, end.y - start.y)
        let count = max(abs(across), abs(down))
        guard count > 0 else { return set(x: start.x, y: start.y, style) }
        for index in 0...count {
            set(x: start.x + across * index / count, y: start.y + down * index / count, style)
        }
    }

    func draw(x: Int, y: Int, on buffer: inout CellBuffer) {
        for row in 0..<rows {
            for column in 0..<columns {
                let dots = cells[row * columns + column]
                guard dots.bits != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(dots.bits)) else { continue }
                buffer[x + column, y + row] = Cell(text: String(Character(scalar)), style: dots.style)
            }
        }
    }
}
