import Preview
import Testing

@testable import TUI

@Suite struct TerminalDiffTests {
    private func buffer(_ rows: [String]) -> CellBuffer {
        var buffer = CellBuffer(size: Size(columns: 10, rows: rows.count))
        for (y, row) in rows.enumerated() { buffer.write(row, x: 0, y: y, style: CellStyle()) }
        return buffer
    }

    @Test func equalBuffersHaveNoDifference() {
        #expect(BufferDiff.segments(from: buffer(["abc"]), to: buffer(["abc"])).isEmpty)
        #expect(BufferDiff.segments(from: nil, to: CellBuffer(size: Size(columns: 0, rows: 5))).isEmpty)
    }

    @Test func everythingDiffersFromNothingAndFromAnotherSize() {
        let all = [RowSegment(y: 0, columns: 0..<10), RowSegment(y: 1, columns: 0..<10)]
        #expect(BufferDiff.segments(from: nil, to: buffer(["a", "b"])) == all)
        #expect(BufferDiff.segments(from: buffer(["a"]), to: buffer(["a", "b"])) == all)
    }

    @Test func nearChangesAreOneSegmentAndFarOnesTwo() {
        let old = buffer(["0123456789", "same"])
        #expect(
            BufferDiff.segments(from: old, to: buffer(["x12x456789", "same"])) == [RowSegment(y: 0, columns: 0..<4)]
        )
        #expect(
            BufferDiff.segments(from: old, to: buffer(["x12345678x", "same"])) == [
                RowSegment(y: 0, columns: 0..<1), RowSegment(y: 0, columns: 9..<10),
            ]
        )
    }

    @Test func wideCharactersAreNeverCut() {
        #expect(
            BufferDiff.segments(from: buffer(["a漢c"]), to: buffer(["a字c"])) == [RowSegment(y: 0, columns: 1..<3)]
        )
        var restyled = buffer(["a漢c"])
        restyled[2, 0].style.isBold = true
        #expect(BufferDiff.segments(from: buffer(["a漢c"]), to: restyled) == [RowSegment(y: 0, columns: 1..<3)])
    }

    @Test func aChangeOfStyleAloneIsADifference() {
        var styled = buffer(["abc"])
        styled[1, 0].style.role = .error
        #expect(BufferDiff.segments(from: buffer(["abc"]), to: styled) == [RowSegment(y: 0, columns: 1..<2)])
    }
}

@Suite struct TerminalOverlayTests {
    private let size = Size(columns: 40, rows: 12)
    private let area = Rect(x: 4, y: 2, width: 20, height: 2)

    private func overlay(_ area: Rect, serial: UInt64, row: String = "XX") -> PictureOverlay {
        PictureOverlay(area: area, rows: [Array(row.utf8), Array(row.utf8)], serial: serial)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func rowsAreWrittenAtTheirPlaces() {
        var painter = OverlayPainter(isInTmux: false)
        let bytes = painter.bytes(for: overlay(area, serial: 1), size: size, drawn: [], isRedrawn: false)
        #expect(text(bytes) == "\u{1B}7\u{1B}[3;5HXX\u{1B}[0m\u{1B}8\u{1B}7\u{1B}[4;5HXX\u{1B}[0m\u{1B}8")
    }

    @Test func thePictureIsWrittenAgainOnlyWhenItMust() {
        var painter = OverlayPainter(isInTmux: false)
        func isWritten(_ overlay: PictureOverlay, drawn: [RowSegment] = [], isRedrawn: Bool = false) -> Bool {
            !painter.bytes(for: overlay, size: size, drawn: drawn, isRedrawn: isRedrawn).isEmpty
        }
        #expect(isWritten(overlay(area, serial: 1)))
        #expect(!isWritten(overlay(area, serial: 1)))
        #expect(!isWritten(overlay(area, serial: 1), drawn: [RowSegment(y: 2, columns: 0..<3)]))
        #expect(isWritten(overlay(area, serial: 1), drawn: [RowSegment(y: 2, columns: 0..<5)]))
        #expect(isWritten(overlay(area, serial: 1), isRedrawn: true))
        #expect(isWritten(overlay(area, serial: 2)))
        var moved = area
        moved.x += 1
        #expect(isWritten(overlay(moved, serial: 2)))
    }

    @Test func aPictureThatDoesNotFitIsNotDrawn() {
        var painter = OverlayPainter(isInTmux: false)
        let tooWide = Rect(x: 30, y: 2, width: 20, height: 2)
        #expect(painter.bytes(for: overlay(tooWide, serial: 1), size: size, drawn: [], isRedrawn: true).isEmpty)
    }

    @Test func cellsUnderAPictureChangeWhenItComesMovesAndGoes() {
        var painter = OverlayPainter(isInTmux: false)
        let blank = CellBuffer(size: size)
        func shown(_ overlay: PictureOverlay?) -> CellBuffer {
            let cells = painter.prepare(blank, for: overlay)
            _ = painter.bytes(for: overlay, size: size, drawn: [], isRedrawn: false)
            return cells
        }
        let first = shown(overlay(area, serial: 1))
        #expect(BufferDiff.segments(from: blank, to: first).map(\.columns) == [4..<24, 4..<24])
        #expect(shown(overlay(area, serial: 2)) == first)
        let moved = shown(overlay(Rect(x: 5, y: 2, width: 20, height: 2), serial: 2))
        #expect(BufferDiff.segments(from: first, to: moved).map(\.columns) == [4..<25, 4..<25])
        #expect(shown(nil) == blank)
    }

    @Test func kittyPicturesAreDeletedWhenTheyGoOrGiveWay() {
        let kitty = "\u{1B}_Ga=T,f=24;AAAA\u{1B}\\"
        let deletion = String(decoding: PreviewMode.kitty.erasingBytes, as: UTF8.self)
        var painter = OverlayPainter(isInTmux: false)
        func written(_ overlay: PictureOverlay?) -> String {
            text(painter.bytes(for: overlay, size: size, drawn: [], isRedrawn: false))
        }
        #expect(!written(overlay(area, serial: 1, row: kitty)).contains(deletion))
        #expect(written(overlay(area, serial: 2, row: kitty)).hasPrefix(deletion))
        #expect(written(overlay(area, serial: 2, row: kitty)) == "")
        #expect(written(overlay(Rect(x: 0, y: 0, width: 20, height: 2), serial: 2, row: kitty)).hasPrefix(deletion))
        #expect(written(nil) == deletion)
        #expect(written(nil) == "")
        #expect(!written(overlay(area, serial: 3)).contains(deletion))
        #expect(written(nil) == "")
    }

    @Test func onlyPicturesThatTmuxDoesNotKnowGoPastIt() {
        func written(_ row: String) -> String {
            var painter = OverlayPainter(isInTmux: true)
            return text(painter.bytes(for: overlay(area, serial: 1, row: row), size: size, drawn: [], isRedrawn: true))
        }
        #expect(written("\u{1B}]1337;File=inline=1:AA\u{07}").hasPrefix("\u{1B}Ptmux;\u{1B}\u{1B}7\u{1B}\u{1B}[3;5H"))
        #expect(written("\u{1B}[0m\u{1B}_Ga=T;AA\u{1B}\\").hasPrefix("\u{1B}Ptmux;"))
        #expect(!written("\u{1B}[38;5;1mX").contains("tmux"))
        #expect(!written("\u{1B}Pq#0~\u{1B}\\").contains("tmux"))
        #expect(!written("\u{1B}Ptmux;\u{1B}\u{1B}_Ga=T;AA\u{1B}\u{1B}\\\u{1B}\\").hasPrefix("\u{1B}Ptmux"))
    }
}

@Suite struct TerminalColorTests {
    @Test func thePaletteMapsToItself() {
        for index in 16...255 { #expect(ColorQuantizer.indexed256(ColorQuantizer.color(of: index)) == index) }
        for index in 0...15 {
            #expect(ColorQuantizer.ansi16(ColorQuantizer.color(of: index)) == index)
            #expect(ColorQuantizer.ansi16(TerminalColor.named(index)) == index)
            #expect(ColorQuantizer.indexed256(TerminalColor.named(index)) == index)
        }
    }

    @Test func noPaletteColorIsNearerThanTheOneChosen() {
        func distance(_ a: UInt32, _ b: UInt32) -> Int {
            func channel(_ shift: UInt32) -> Int { Int(a >> shift & 255) - Int(b >> shift & 255) }
            return 2 * channel(16) * channel(16) + 4 * channel(8) * channel(8) + channel(0) * channel(0)
        }
        var color: UInt32 = 1
        for _ in 0..<500 {
            color = (color &* 1_664_525 &+ 1_013_904_223) & 0xFFFFFF
            let chosen = distance(color, ColorQuantizer.color(of: ColorQuantizer.indexed256(color)))
            let best = (16...231).map { distance(color, ColorQuantizer.color(of: $0)) }.min() ?? 0
            #expect(chosen <= best)
        }
        #expect(ColorQuantizer.indexed256(0x1B1B1B) == 234)
    }

    @Test(arguments: [
        (ColorPreference.auto, [:], 256, ColorDepth.indexed256), (.auto, ["COLORTERM": "truecolor"], 256, .truecolor),
        (.auto, ["COLORTERM": "truecolor"], 8, .ansi16), (.auto, [:], 8, .ansi16), (.auto, [:], 0, .monochrome),
        (.auto, ["NO_COLOR": "1"], 256, .monochrome), (.auto, ["NO_COLOR": ""], 256, .indexed256),
        (.auto, ["COLORS": "16"], 256, .ansi16), (.auto, ["COLORS": "2"], 256, .monochrome),
        (.auto, [:], 16_777_216, .truecolor), (.never, ["COLORTERM": "truecolor"], 256, .monochrome),
        (.indexed256, ["NO_COLOR": "1"], 256, .indexed256), (.ansi16, [:], 256, .ansi16),
        (.indexed256, [:], 8, .ansi16), (.truecolor, [:], 256, .truecolor),
    ])
    func depth(preference: ColorPreference, environment: [String: String], colors: Int, expected: ColorDepth) {
        #expect(
            ColorDepth.detect(preference: preference, environment: environment, terminalColors: colors) == expected
        )
    }

    @Test func aPlainXtermBecomesOneWithMoreColorsWhenTheyAreKnownToBeThere() {
        let colors = { (type: String) in ["xterm": 8, "xterm-256color": 256, "linux": 8][type] ?? -1 }
        func better(_ preference: ColorPreference, _ environment: [String: String]) -> String? {
            ColorDepth.betterTerminalType(preference: preference, environment: environment, colors: colors)
        }
        #expect(better(.auto, ["TERM": "xterm"]) == nil)
        #expect(better(.auto, ["TERM": "xterm", "COLORTERM": "truecolor"]) == "xterm-256color")
        #expect(better(.indexed256, ["TERM": "xterm"]) == "xterm-256color")
        #expect(better(.indexed256, ["TERM": "linux"]) == nil)
        #expect(better(.indexed256, ["TERM": "xterm-256color"]) == nil)
        #expect(better(.indexed256, [:]) == nil)
    }
}

@Suite struct TerminalStyleTests {
    @Test func aCellsOwnColorsWinOverItsRole() {
        let resolver = StyleResolver(theme: .midnight, depth: .indexed256)
        #expect(resolver.resolve(CellStyle(.key)).foreground == 147)
        let style = resolver.resolve(CellStyle(.key, foreground: 0xFF0000, background: 0x0000FF, isUnderlined: true))
        #expect(
            style == ResolvedStyle(foreground: 196, background: 21, isBold: true, isUnderlined: true, isReversed: false)
        )
    }

    @Test func withoutColorAThemeOfColorsBecomesAttributes() {
        let resolver = StyleResolver(theme: .midnight, depth: .monochrome)
        #expect(resolver.resolve(CellStyle(.selection)) == ResolvedStyle(isReversed: true))
        #expect(resolver.resolve(CellStyle(.text, foreground: 0xFF0000)) == ResolvedStyle())
        #expect(resolver.resolve(CellStyle(.selection, isReversed: true)) == ResolvedStyle())
    }

    @Test func sixteenColorsKeepSelectionsVisible() {
        let resolver = StyleResolver(theme: .midnight, depth: .ansi16)
        let text = resolver.resolve(CellStyle(.text))
        for role in [ThemeRole.selection, .selectionUnfocused, .input, .inputCursor] {
            let style = resolver.resolve(CellStyle(role))
            #expect(style.background != text.background || style.isReversed, "\(role)")
            #expect(style.foreground != style.background, "\(role)")
        }
    }
}
