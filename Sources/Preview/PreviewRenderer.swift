import CChafa
import EngineKit

/// Turns pictures into what a terminal can show.
///
/// Stateless: any number of threads may share one. What is worth keeping between pictures lives in `CChafa`.
public final class PreviewRenderer: Sendable {
    public init() {}

    /// The picture in the request's mode, covering ``PreviewRequest/fittedSize``.
    ///
    /// Colours of cells by depth: none (`nil`) in monochrome, ``PreviewPalette/ansi16``, ``PreviewPalette/xterm256`` from 16
    /// up, or any. Depths below truecolor are dithered. A terminal scales kitty's and iTerm2's pictures itself, so these
    /// are sent with no more pixels than the frame has, roughly; sixel pictures have one for each of the terminal's.
    /// - Throws: ``PreviewError``.
    public func render(_ request: PreviewRequest) throws(PreviewError) -> PreviewPicture {
        guard request.mode != .off else { throw .off }
        let side = Int(CH_MAXIMUM_SIDE)
        guard (1...side).contains(request.columns), (1...side).contains(request.rows) else {
            throw .invalidRoom(columns: request.columns, rows: request.rows)
        }
        guard request.frame.width <= side, request.frame.height <= side else {
            throw .pictureTooLarge(width: request.frame.width, height: request.frame.height)
        }
        switch request.mode {
        case .cells: return try cells(request)
        case .truecolor:
            let size = request.fittedSize
            let rows = try bytes(request, CH_PROTOCOL_SYMBOLS).split(separator: UInt8(ascii: "\n")).map(Array.init)
            guard rows.count == size.rows else { throw .libraryFailed(.truecolor) }
            return .bytes(rows: rows, columns: size.columns, rowCount: size.rows)
        case .kitty: return try pixels(request, CH_PROTOCOL_KITTY)
        case .sixel: return try pixels(request, CH_PROTOCOL_SIXEL)
        case .iterm2: return try pixels(request, CH_PROTOCOL_ITERM2)
        case .off: throw .off
        }
    }

    private func cells(_ request: PreviewRequest) throws(PreviewError) -> PreviewPicture {
        let size = request.fittedSize
        let count = size.columns * size.rows
        var status = CH_OK
        let drawn = withPicture(request.frame) { picture in
            [CHCell](unsafeUninitializedCapacity: count) { buffer, filled in
                guard let start = buffer.baseAddress else { return }
                status = ch_cells(picture, Int32(size.columns), Int32(size.rows), request.depth.shimDepth, start)
                if status == CH_OK { filled = count }
            }
        }
        guard let drawn, status != CH_ERR_ARGUMENT else { throw .invalidRoom(columns: size.columns, rows: size.rows) }
        guard status == CH_OK else { throw .libraryFailed(.cells) }
        let cells = drawn.map { cell in
            CellImage.Cell(
                scalar: cell.scalar,
                foreground: colour(cell.foreground, request.depth),
                background: colour(cell.background, request.depth)
            )
        }
        return .cells(CellImage(columns: size.columns, rows: size.rows, cells: cells))
    }

    private func colour(_ value: Int32, _ depth: PreviewDepth) -> UInt32? {
        guard value >= 0 else { return nil }
        switch depth {
        case .monochrome: return nil
        case .ansi16, .indexed256:
            return PreviewPalette.xterm256.indices.contains(Int(value)) ? PreviewPalette.xterm256[Int(value)] : nil
        case .truecolor: return UInt32(value)
        }
    }

    private func pixels(_ request: PreviewRequest, _ format: CHProtocol) throws(PreviewError) -> PreviewPicture {
        let size = request.fittedSize
        return .bytes(rows: [try bytes(request, format)], columns: size.columns, rowCount: size.rows)
    }

    private func bytes(_ request: PreviewRequest, _ format: CHProtocol) throws(PreviewError) -> [UInt8] {
        let size = request.fittedSize
        let cell = cellPixels(request, size)
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { ch_bytes_free(bytes) }
        let status = withPicture(request.frame) { picture in
            ch_bytes(
                picture,
                Int32(size.columns),
                Int32(size.rows),
                Int32(cell.width),
                Int32(cell.height),
                format,
                &bytes,
                &count
            )
        }
        guard let status, status != CH_ERR_ARGUMENT else { throw .invalidRoom(columns: size.columns, rows: size.rows) }
        guard status == CH_OK, count > 0 else { throw .libraryFailed(request.mode) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// Pixels drawn for each cell.
    private func cellPixels(_ request: PreviewRequest, _ size: (columns: Int, rows: Int)) -> (width: Int, height: Int) {
        let side = Int(CH_MAXIMUM_SIDE)
        let width = max(1, min(request.cellPixelWidth, side))
        let height = max(1, min(request.cellPixelHeight, side))
        guard request.mode == .kitty || request.mode == .iterm2 else { return (width, height) }
        let neededWidth = (request.frame.width + size.columns - 1) / size.columns
        let neededHeight = (request.frame.height + size.rows - 1) / size.rows
        return (min(width, neededWidth), min(height, neededHeight))
    }

    /// Lends the frame to C; `nil` for a frame without pixels, which there is none of.
    private func withPicture<Result>(_ frame: Frame, _ body: (CHPicture) -> Result) -> Result? {
        frame.rgb.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map {
                body(CHPicture(pixels: $0, width: Int32(frame.width), height: Int32(frame.height)))
            }
        }
    }
}

extension PreviewDepth {
    fileprivate var shimDepth: CHDepth {
        switch self {
        case .monochrome: CH_DEPTH_MONOCHROME
        case .ansi16: CH_DEPTH_16
        case .indexed256: CH_DEPTH_256
        case .truecolor: CH_DEPTH_TRUECOLOR
        }
    }
}
