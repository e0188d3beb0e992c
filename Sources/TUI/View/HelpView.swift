/// All keys, by context.
struct HelpView {
    let keymap: Keymap

    private static let width = 78

    /// Lines of the whole help.
    func lines() -> [[Span]] {
        var lines: [[Span]] = []
        for context in KeyContext.allCases {
            let bindings = keymap.bindings.filter { $0.contexts.contains(context) && !$0.chords.isEmpty }
            guard !bindings.isEmpty else { continue }
            if !lines.isEmpty { lines.append([]) }
            lines.append([Span(context.title, .overlayTitle)])
            lines += bindings.map { Self.line($0) }
        }
        return lines
    }

    /// The greatest sensible first line for a screen of that size.
    func lastLine(_ size: Size) -> Int {
        max(0, lines().count - max(1, size.rows - 4))
    }

    func draw(firstLine: Int, on buffer: inout CellBuffer) {
        let lines = self.lines()
        let area = OverlayView.window("help", width: Self.width, height: buffer.size.rows - 2, on: &buffer)
        let first = max(0, min(firstLine, lines.count - area.height))
        for (offset, line) in lines.dropFirst(first).prefix(area.height).enumerated() {
            buffer.write(line, x: area.x, y: area.y + offset, maxWidth: area.width)
        }
        guard lines.count > area.height else { return }
        let position = Span(" \(first + 1)–\(min(lines.count, first + area.height)) of \(lines.count) ", .overlay)
        buffer.write([position], x: area.maxX - position.width, y: area.maxY, maxWidth: position.width)
    }

    private static func line(_ binding: Binding) -> [Span] {
        let chords = binding.chords.prefix(3).map(\.label).joined(separator: " ")
        let padding = String(repeating: " ", count: max(1, 22 - TextMeasure.width(of: chords)))
        return [Span("  " + chords + padding, .key), Span(binding.help, .overlay)]
    }
}
