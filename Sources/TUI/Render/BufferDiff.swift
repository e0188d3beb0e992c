/// A run of cells in one row that has to be drawn.
struct RowSegment: Sendable, Hashable {
    var y: Int
    /// Columns from the left, always beginning and ending at whole characters.
    var columns: Range<Int>
}

/// What differs between two screens of cells. Pure.
enum BufferDiff {
    /// Equal cells between two changes that are drawn again rather than beginning another segment: one more call costs
    /// about as much as drawing this many.
    private static let bridge = 3

    /// The runs of cells in which a buffer differs from the one before, from the top to the bottom.
    /// - Parameter old: `nil`, or a buffer of another size: everything differs.
    static func segments(from old: CellBuffer?, to new: CellBuffer) -> [RowSegment] {
        let width = new.size.columns
        guard width > 0 else { return [] }
        guard let old, old.size == new.size else {
            return (0..<new.size.rows).map { RowSegment(y: $0, columns: 0..<width) }
        }
        var result: [RowSegment] = []
        let oldCells = old.cells
        let newCells = new.cells
        for y in 0..<new.size.rows {
            let base = y * width
            var start = -1
            var lastChange = -1
            for x in 0..<width where oldCells[base + x] != newCells[base + x] {
                if start >= 0, x - lastChange > bridge {
                    result.append(whole(start..<(lastChange + 1), y, newCells, width))
                    start = -1
                }
                if start < 0 { start = x }
                lastChange = x
            }
            if start >= 0 { result.append(whole(start..<(lastChange + 1), y, newCells, width)) }
        }
        return result
    }

    /// Widens a run so that it does not cut through a wide character.
    private static func whole(_ columns: Range<Int>, _ y: Int, _ cells: [Cell], _ width: Int) -> RowSegment {
        let base = y * width
        var start = columns.lowerBound
        var end = columns.upperBound
        if start > 0, cells[base + start].text.isEmpty { start -= 1 }
        if end < width, cells[base + end].text.isEmpty { end += 1 }
        return RowSegment(y: y, columns: start..<end)
    }
}
