import Preview

/// Decides when a picture has to be written over the cells, and composes its bytes. Pure.
///
/// The cells under a picture hold a placeholder in ncurses' eyes, so that it neither skips them as blank nor wipes them
/// together with the rest of a row; when the picture goes, they become other characters and are drawn again.
struct OverlayPainter: Sendable {
    /// Whether pixel protocols are wrapped for the terminal around tmux.
    let isInTmux: Bool
    private var shown: PictureOverlay?
    private var placeholder = Self.placeholders.0

    /// Blank characters that ncurses does not know to be blank. Two of them, so that a picture that moves wipes what it
    /// leaves behind.
    private static let placeholders = ("\u{A0}", "\u{2007}")

    init(isInTmux: Bool) { self.isInTmux = isInTmux }

    /// Puts placeholders under the picture.
    /// - Returns: the cells as they are to be drawn.
    mutating func prepare(_ cells: CellBuffer, for overlay: PictureOverlay?) -> CellBuffer {
        guard let overlay else { return cells }
        if overlay.area != shown?.area {
            let (first, second) = Self.placeholders
            placeholder = placeholder == first ? second : first
        }
        var result = cells
        let area = overlay.area
        for y in max(0, area.y)..<max(0, area.y, min(area.maxY, cells.size.rows)) {
            for x in max(0, area.x)..<max(0, area.x, min(area.maxX, cells.size.columns)) {
                result[x, y] = Cell(text: placeholder, style: cells[x, y].style)
            }
        }
        return result
    }

    /// What to write to the terminal after the cells, if anything.
    /// - Parameters:
    ///   - size: the screen's; a picture that reaches beyond it would scroll the terminal and is not drawn.
    ///   - drawn: the runs of cells that were drawn before.
    ///   - isRedrawn: whether the whole screen was.
    mutating func bytes(
        for overlay: PictureOverlay?,
        size: Size,
        drawn: [RowSegment],
        isRedrawn: Bool
    ) -> [UInt8] {
        let fitting = overlay.flatMap { Self.fits($0.area, in: size) && !$0.rows.isEmpty ? $0 : nil }
        let isUnchanged = shown?.serial == fitting?.serial && shown?.area == fitting?.area
        let stays = fitting.map { isUnchanged && !isRedrawn && !Self.mayBeDamaged($0.area, by: drawn) } ?? false
        if stays { return [] }
        // kitty keeps every picture above the text, and in memory, until it is told otherwise.
        let erasing = shown.map(Self.isKitty) == true ? passedThrough(PreviewMode.kitty.erasingBytes) : []
        shown = fitting
        return erasing + (fitting.map(compose) ?? [])
    }

    private static func fits(_ area: Rect, in size: Size) -> Bool {
        !area.isEmpty && area.x >= 0 && area.y >= 0 && area.maxX <= size.columns && area.maxY <= size.rows
    }

    /// Whether drawing cells may have touched the picture: ncurses writes a few unchanged cells between two changes
    /// rather than moving the cursor over them.
    private static func mayBeDamaged(_ area: Rect, by drawn: [RowSegment]) -> Bool {
        let narrow = 16
        return drawn.contains { segment in
            guard segment.y >= area.y, segment.y < area.maxY else { return false }
            return area.width < narrow || segment.columns.overlaps(area.x..<area.maxX)
        }
    }

    /// Save the cursor and attributes, move, write, restore.
    private func compose(_ overlay: PictureOverlay) -> [UInt8] {
        var result: [UInt8] = []
        for (index, row) in overlay.rows.prefix(overlay.area.height).enumerated() {
            var part = Array("\u{1B}7\u{1B}[\(overlay.area.y + index + 1);\(overlay.area.x + 1)H".utf8)
            part += row
            part += Array("\u{1B}[0m\u{1B}8".utf8)
            result += Self.isPixels(row) ? passedThrough(part) : part
        }
        return result
    }

    // MARK: tmux

    /// tmux draws symbols, and from 3.4 on sixel, by itself. It knows nothing of kitty's and iTerm2's pictures: those
    /// go past it, with the cursor moves, which are right as long as the pane is at the window's top left. A sequence
    /// that is wrapped already is left as it is.
    private func passedThrough(_ bytes: [UInt8]) -> [UInt8] {
        guard isInTmux else { return bytes }
        var result = Array("\u{1B}Ptmux;".utf8)
        for byte in bytes {
            if byte == 0x1B { result.append(byte) }
            result.append(byte)
        }
        return result + Array("\u{1B}\\".utf8)
    }

    private static func isKitty(_ overlay: PictureOverlay) -> Bool {
        overlay.rows.contains { begins($0, with: "_G") || begins($0, with: "Ptmux;\u{1B}\u{1B}_G") }
    }

    /// Whether a row is a picture that tmux would not understand.
    private static func isPixels(_ row: [UInt8]) -> Bool {
        begins(row, with: "_G") || begins(row, with: "]1337;")
    }

    /// Whether the first escape sequence, apart from moves and attributes before it, is this one.
    private static func begins(_ row: [UInt8], with sequence: String) -> Bool {
        let wanted = [0x1B] + Array(sequence.utf8)
        var start = row.startIndex
        while start < row.endIndex, row[start] == 0x1B, row[start...].dropFirst().first == UInt8(ascii: "[") {
            guard let end = row[(start + 2)...].firstIndex(where: { 0x40...0x7E ~= $0 }) else { return false }
            start = end + 1
        }
        return row[start...].starts(with: wanted)
    }
}
