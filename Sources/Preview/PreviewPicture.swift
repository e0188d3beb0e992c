/// How the picture is shown in the terminal.
public enum PreviewMode: String, Sendable, CaseIterable {
    /// Symbols in the colours that the terminal has, drawn as ordinary screen cells. Works everywhere.
    case cells
    /// Symbols in 24-bit colour, written straight to the terminal.
    case truecolor
    /// The kitty graphics protocol.
    case kitty
    case sixel
    /// iTerm2's inline images.
    case iterm2
    case off
}

/// How many colours the symbols of ``PreviewMode/cells`` may have.
public enum PreviewDepth: Sendable, CaseIterable {
    case monochrome, ansi16, indexed256, truecolor
}

/// A picture as terminal cells.
public struct CellImage: Sendable, Hashable {
    public struct Cell: Sendable, Hashable {
        /// The Unicode scalar drawn, always one column wide.
        public var scalar: UInt32
        /// 0xRRGGBB, or `nil` for the terminal's own colour. With indexed depths, exactly one of xterm's colours.
        public var foreground: UInt32?
        public var background: UInt32?

        public init(scalar: UInt32, foreground: UInt32?, background: UInt32?) {
            self.scalar = scalar
            self.foreground = foreground
            self.background = background
        }
    }

    public let columns: Int
    public let rows: Int
    /// `columns * rows` cells, row by row.
    public let cells: [Cell]

    public init(columns: Int, rows: Int, cells: [Cell]) {
        self.columns = columns
        self.rows = rows
        self.cells = cells
    }
}

/// A picture ready for the terminal.
public enum PreviewPicture: Sendable, Hashable {
    case cells(CellImage)
    /// Escape sequences that cover `columns` × `rows` cells: one entry per row for ``PreviewMode/truecolor``, a single
    /// entry for the pixel protocols.
    case bytes(rows: [[UInt8]], columns: Int, rowCount: Int)

    /// Cells covered, which may be fewer than were offered because the aspect ratio is kept.
    public var size: (columns: Int, rows: Int) {
        switch self {
        case .cells(let image): (image.columns, image.rows)
        case .bytes(_, let columns, let rowCount): (columns, rowCount)
        }
    }
}
