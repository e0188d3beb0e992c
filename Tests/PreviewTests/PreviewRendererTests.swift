import Dispatch
import EngineKit
import Preview
import Synchronization
import Testing

@Suite
struct PreviewRendererTests {
    private let renderer = PreviewRenderer()

    private func frame(width: Int, height: Int, _ colour: (Int, Int) -> [UInt8]) throws -> Frame {
        var rgb: [UInt8] = []
        for y in 0..<height { for x in 0..<width { rgb += colour(x, y) } }
        return try #require(Frame(step: 0, width: width, height: height, rgb: rgb))
    }

    private func gradient(width: Int = 64, height: Int = 64) throws -> Frame {
        try frame(width: width, height: height) { [UInt8($0 * 255 / width), UInt8($1 * 255 / height), 128] }
    }

    private func cells(_ frame: Frame, _ depth: PreviewDepth, columns: Int = 20, rows: Int = 10) throws -> CellImage {
        let request = PreviewRequest(frame: frame, columns: columns, rows: rows, mode: .cells, depth: depth)
        guard case .cells(let image) = try renderer.render(request) else {
            Issue.record("no cells")
            return CellImage(columns: 0, rows: 0, cells: [])
        }
        return image
    }

    /// What is seen of a cell of one colour: the background under a space, both under a block.
    private func colours(_ cell: CellImage.Cell) -> Set<UInt32?> {
        cell.scalar == 0x20 ? [cell.background] : [cell.foreground, cell.background]
    }

    @Test(arguments: [PreviewDepth.truecolor, .indexed256, .ansi16])
    func flatRedIsRed(depth: PreviewDepth) throws {
        let image = try cells(try frame(width: 16, height: 16) { _, _ in [255, 0, 0] }, depth)
        #expect(image.columns == 20 && image.rows == 10 && image.cells.count == 200)
        for cell in image.cells { #expect(colours(cell) == [0xFF0000]) }
    }

    @Test
    func halvesAreWhereTheyBelong() throws {
        let image = try cells(
            try frame(width: 32, height: 32) { x, _ in x < 16 ? [0, 0, 255] : [0, 255, 0] },
            .truecolor
        )
        for row in 0..<image.rows {
            #expect(colours(image.cells[row * image.columns]) == [0x0000FF])
            #expect(colours(image.cells[row * image.columns + image.columns - 1]) == [0x00FF00])
        }
    }

    @Test
    func indexedColoursAreOfThePalette() throws {
        let picture = try gradient()
        for cell in try cells(picture, .indexed256).cells {
            for colour in [cell.foreground, cell.background].compactMap(\.self) {
                #expect(PreviewPalette.index256(of: colour) != nil)
            }
        }
        for cell in try cells(picture, .ansi16).cells {
            for colour in [cell.foreground, cell.background].compactMap(\.self) {
                #expect(PreviewPalette.index16(of: colour) != nil)
            }
        }
    }

    @Test
    func palettesAreXterms() {
        #expect(PreviewPalette.xterm256.count == 256)
        #expect(PreviewPalette.xterm256[16] == 0 && PreviewPalette.xterm256[196] == 0xFF0000)
        #expect(PreviewPalette.xterm256[231] == 0xFFFFFF && PreviewPalette.xterm256[255] == 0xEEEEEE)
        for index in 16...255 { #expect(PreviewPalette.index256(of: PreviewPalette.xterm256[index]) == index) }
        for index in 0...15 { #expect(PreviewPalette.index16(of: PreviewPalette.ansi16[index]) == index) }
    }

    @Test
    func monochromeHasNoColoursAndShowsLight() throws {
        let image = try cells(
            try frame(width: 32, height: 32) { x, _ in x < 16 ? [0, 0, 0] : [255, 255, 255] },
            .monochrome
        )
        for cell in image.cells { #expect(cell.foreground == nil && cell.background == nil) }
        #expect(image.cells[0].scalar == 0x20)
        #expect(image.cells[image.columns - 1].scalar == 0x2588)
    }

    @Test(arguments: PreviewDepth.allCases)
    func symbolsAreSpacesAndBlocks(depth: PreviewDepth) throws {
        for cell in try cells(try gradient(), depth).cells {
            #expect(
                cell.scalar == 0x20 || (0x2580...0x259F).contains(cell.scalar),
                "U+\(String(cell.scalar, radix: 16))"
            )
        }
    }

    @Test(arguments: [
        (64, 64, 100, 50, 100, 50), (64, 64, 100, 20, 40, 20), (64, 64, 20, 50, 20, 10), (128, 64, 80, 24, 80, 20),
        (1, 1000, 80, 24, 1, 24), (1000, 1, 80, 24, 80, 1), (64, 64, 1, 1, 1, 1),
    ])
    func aspectIsKept(width: Int, height: Int, columns: Int, rows: Int, fittedColumns: Int, fittedRows: Int) throws {
        let picture = try frame(width: width, height: height) { _, _ in [1, 2, 3] }
        for mode in PreviewMode.allCases where mode != .off {
            let request = PreviewRequest(frame: picture, columns: columns, rows: rows, mode: mode, depth: .truecolor)
            let size = try renderer.render(request).size
            #expect(size == (fittedColumns, fittedRows), "\(mode)")
        }
    }

    @Test
    func cellAspectIsRespected() throws {
        var request = PreviewRequest(frame: try gradient(), columns: 40, rows: 40, mode: .cells, depth: .truecolor)
        request.cellAspect = 1
        #expect(request.fittedSize == (40, 40))
        request.cellAspect = .nan
        #expect(request.fittedSize == (40, 20))
        request.mode = .sixel
        (request.cellPixelWidth, request.cellPixelHeight) = (8, 16)
        #expect(request.fittedSize == (40, 20))
        (request.cellPixelWidth, request.cellPixelHeight) = (0, 0)
        #expect(request.fittedSize == (40, 20))
    }

    @Test(arguments: [(PreviewMode.kitty, "\u{1B}_Ga=T"), (.sixel, "\u{1B}P"), (.iterm2, "\u{1B}]1337;File=inline=1")])
    func pixelProtocolsBeginWithTheirEscape(mode: PreviewMode, start: String) throws {
        let request = PreviewRequest(frame: try gradient(), columns: 20, rows: 10, mode: mode, depth: .truecolor)
        guard case .bytes(let rows, 20, 10) = try renderer.render(request) else {
            Issue.record("no bytes of that size")
            return
        }
        #expect(rows.count == 1)
        #expect(rows[0].starts(with: Array(start.utf8)))
    }

    @Test
    func truecolorHasOneEntryPerRowEachOnItsOwn() throws {
        let request = PreviewRequest(frame: try gradient(), columns: 20, rows: 10, mode: .truecolor, depth: .monochrome)
        guard case .bytes(let rows, 20, 10) = try renderer.render(request) else {
            Issue.record("no bytes of that size")
            return
        }
        #expect(rows.count == 10)
        for row in rows {
            let text = String(decoding: row, as: UTF8.self)
            #expect(text.hasPrefix("\u{1B}[") && text.hasSuffix("\u{1B}[0m"))
            #expect(text.contains("38;2;") || text.contains("48;2;"))
            #expect(!text.contains("\n"))
        }
    }

    @Test
    func kittyPictureIsNoLargerThanTheFrame() throws {
        let request = PreviewRequest(frame: try gradient(), columns: 100, rows: 50, mode: .kitty, depth: .truecolor)
        guard case .bytes(let rows, _, _) = try renderer.render(request) else { return }
        #expect(String(decoding: rows[0].prefix(40), as: UTF8.self).contains("s=100,v=100,c=100,r=50"))
        #expect(PreviewMode.kitty.erasingBytes.starts(with: Array("\u{1B}_Ga=d".utf8)))
        #expect(PreviewMode.cells.erasingBytes.isEmpty)
    }

    @Test
    func threadsMayShareARenderer() throws {
        let request = PreviewRequest(frame: try gradient(), columns: 40, rows: 20, mode: .cells, depth: .indexed256)
        let expected = try renderer.render(request)
        let equal = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            if (try? renderer.render(request)) == expected { equal.withLock { $0 += 1 } }
        }
        #expect(equal.withLock { $0 } == 16)
    }

    @Test
    func impossibleRequestsAreErrors() throws {
        let picture = try gradient()
        for (columns, rows) in [(0, 10), (10, 0), (-1, -1), (Int.max, 1)] {
            #expect(throws: PreviewError.invalidRoom(columns: columns, rows: rows)) {
                try renderer.render(
                    PreviewRequest(frame: picture, columns: columns, rows: rows, mode: .cells, depth: .truecolor)
                )
            }
        }
        #expect(throws: PreviewError.off) {
            try renderer.render(PreviewRequest(frame: picture, columns: 9, rows: 9, mode: .off, depth: .truecolor))
        }
        #expect(throws: PreviewError.self) {
            try renderer.render(
                PreviewRequest(
                    frame: picture,
                    columns: 900,
                    rows: 900,
                    mode: .sixel,
                    depth: .truecolor,
                    cellPixelWidth: .max,
                    cellPixelHeight: .max
                )
            )
        }
        let wide = try frame(width: 16_385, height: 1) { _, _ in [0, 0, 0] }
        #expect(throws: PreviewError.pictureTooLarge(width: 16_385, height: 1)) {
            try renderer.render(PreviewRequest(frame: wide, columns: 9, rows: 9, mode: .cells, depth: .truecolor))
        }
    }
}
