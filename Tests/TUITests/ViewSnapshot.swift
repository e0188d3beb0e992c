import Foundation
import Glibc
import Testing

@testable import TUI

/// A screen as text, for comparing with a file.
enum ScreenText {
    /// The characters, row by row, without trailing blanks.
    static func text(_ screen: Screen) -> String {
        let buffer = screen.cells
        return (0..<buffer.size.rows).map { y in
            let row = (0..<buffer.size.columns).map { buffer[$0, y].text }.joined()
            return String(row.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    /// The styles as runs: row, first column, length, style. Plain text and the picture's own colours are left out.
    static func styles(_ screen: Screen) -> String {
        let buffer = screen.cells
        var lines: [String] = []
        for y in 0..<buffer.size.rows {
            var x = 0
            while x < buffer.size.columns {
                let style = name(buffer[x, y].style)
                var end = x + 1
                while end < buffer.size.columns, name(buffer[end, y].style) == style { end += 1 }
                if style != "text" { lines.append("\(y) \(x)+\(end - x) \(style)") }
                x = end
            }
        }
        if let cursor = screen.cursor { lines.append("cursor \(cursor.x),\(cursor.y)") }
        return lines.joined(separator: "\n")
    }

    private static func name(_ style: CellStyle) -> String {
        var name = style.role.rawValue
        if style.isBold { name += " bold" }
        if style.isUnderlined { name += " underlined" }
        if style.isReversed { name += " reversed" }
        return name
    }
}

/// Compares with the files in `Snapshots`, or records them when `UPDATE_SNAPSHOTS=1`.
enum Snapshot {
    static var isRecording: Bool {
        let environment = ProcessInfo.processInfo.environment
        return environment["UPDATE_SNAPSHOTS"] == "1" && environment["CI"] == nil
    }

    /// Widths of characters depend on the locale, as they do in the program.
    static func prepareLocale() { setlocale(LC_CTYPE, "C.UTF-8") }

    static func expect(_ screen: Screen, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let content = ScreenText.text(screen) + "\n---\n" + ScreenText.styles(screen) + "\n"
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")
        try expect(content, equals: folder.appending(path: name + ".txt"), sourceLocation)
    }

    static func expect(
        _ content: String,
        equals file: URL,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        if isRecording {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(content.utf8).write(to: file)
        }
        let recorded = try? String(contentsOf: file, encoding: .utf8)
        #expect(
            recorded == content,
            "differs from \(file.lastPathComponent); record with UPDATE_SNAPSHOTS=1",
            sourceLocation: sourceLocation
        )
    }
}
