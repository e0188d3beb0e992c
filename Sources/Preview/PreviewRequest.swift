public import EngineKit

/// A picture to be shown and the room there is for it.
public struct PreviewRequest: Sendable, Hashable {
    public var frame: Frame
    /// Cells offered, at least 1. The picture covers as many as its aspect ratio allows.
    public var columns: Int
    public var rows: Int
    public var mode: PreviewMode
    /// Used by ``PreviewMode/cells`` only.
    public var depth: PreviewDepth
    /// Width of a cell divided by its height, for the modes that draw symbols; 0.5 stands in for anything not positive.
    public var cellAspect: Double
    /// Pixels of a cell, for the pixel protocols; also gives their cell aspect.
    public var cellPixelWidth: Int
    public var cellPixelHeight: Int

    public init(
        frame: Frame,
        columns: Int,
        rows: Int,
        mode: PreviewMode,
        depth: PreviewDepth,
        cellAspect: Double = 0.5,
        cellPixelWidth: Int = 10,
        cellPixelHeight: Int = 20
    ) {
        self.frame = frame
        self.columns = columns
        self.rows = rows
        self.mode = mode
        self.depth = depth
        self.cellAspect = cellAspect
        self.cellPixelWidth = cellPixelWidth
        self.cellPixelHeight = cellPixelHeight
    }

    /// The cells that the picture will cover: the greatest number within `columns` × `rows` that keeps its pixels square,
    /// at least one each way.
    public var fittedSize: (columns: Int, rows: Int) {
        let aspect = effectiveAspect
        // Both in heights of a cell.
        let width = Double(frame.width)
        let height = Double(frame.height)
        let scale = min(Double(columns) * aspect / width, Double(rows) / height)
        let fittedColumns = Int((width * scale / aspect).rounded())
        let fittedRows = Int((height * scale).rounded())
        return (max(1, min(columns, fittedColumns)), max(1, min(rows, fittedRows)))
    }

    private var effectiveAspect: Double {
        let aspect = mode.isPixelProtocol ? Double(cellPixelWidth) / Double(cellPixelHeight) : cellAspect
        return aspect > 0 && aspect.isFinite ? aspect : 0.5
    }
}

extension PreviewMode {
    /// Whether the terminal is sent pixels rather than symbols.
    public var isPixelProtocol: Bool {
        switch self {
        case .kitty, .sixel, .iterm2: true
        case .cells, .truecolor, .off: false
        }
    }

    /// What to print before a new picture, or when leaving the mode, so that the old picture goes away; empty where
    /// printing over the cells suffices. Kitty keeps pictures above the text, and in memory, until told otherwise.
    public var erasingBytes: [UInt8] {
        self == .kitty ? Array("\u{1B}_Ga=d,d=A,q=2\u{1B}\\".utf8) : []
    }
}
