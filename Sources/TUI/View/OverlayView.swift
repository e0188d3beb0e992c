/// What lies over the panes: palette, path and question. The help and the list of models have views of their own.
struct OverlayView {
    let state: AppState
    let keymap: Keymap

    func draw(on buffer: inout CellBuffer) -> Screen.Position? {
        switch state.overlay {
        case .help(let line):
            HelpView(keymap: keymap).draw(firstLine: line, on: &buffer)
            return nil
        case .palette(let palette): return draw(palette, &buffer)
        case .path(let entry): return draw(entry, &buffer)
        case .question(let question):
            draw(question, &buffer)
            return nil
        case .models(let list):
            ModelListView(list: list, current: state.settings.models).draw(on: &buffer)
            return nil
        case nil: return nil
        }
    }

    /// An empty box in the middle of the screen.
    /// - Returns: the area inside it.
    static func window(_ title: String, width: Int, height: Int, on buffer: inout CellBuffer) -> Rect {
        let size = buffer.size
        let width = min(width, size.columns - 2)
        let height = min(height, size.rows - 2)
        let rect = Rect(x: (size.columns - width) / 2, y: (size.rows - height) / 2, width: width, height: height)
        buffer.fill(rect, with: Cell(text: " ", style: CellStyle(.overlay)))
        Box(rect: rect, title: [Span(title, .overlayTitle)], isFocused: true).draw(on: &buffer)
        return Rect(x: rect.x + 2, y: rect.y + 1, width: max(0, rect.width - 4), height: max(0, rect.height - 2))
    }

    private func draw(_ question: Question, _ buffer: inout CellBuffer) {
        let choices = question.choices.map { choice in
            [Span("[\(choice.key)]", .key), Span(" \(choice.title)", .overlay)]
        }
        let oneRow = [Span](choices.joined(separator: [Span("   ", .overlay)]))
        let wanted = max(44, oneRow.width + 4)
        let width = min(wanted, buffer.size.columns - 2)
        // On a narrow screen every choice has a row of its own, so that none is cut off.
        let rows = wanted > width ? choices : [oneRow]
        let lines = TextFold.lines(of: question.message, width: width - 4)
        let height = lines.count + rows.count + 4
        let area = Self.window(question.title, width: width, height: height, on: &buffer)
        for (offset, line) in lines.enumerated() where offset < area.height {
            buffer.write([Span(line, .overlay)], x: area.x, y: area.y + 1 + offset, maxWidth: area.width)
        }
        for (offset, row) in rows.enumerated() {
            buffer.write(row, x: area.x, y: area.maxY - rows.count + offset, maxWidth: area.width)
        }
    }

    private func draw(_ entry: PathEntry, _ buffer: inout CellBuffer) -> Screen.Position? {
        let listed = entry.candidates.prefix(8)
        let height = 3 + (listed.isEmpty ? 0 : listed.count + 1)
        let area = Self.window(entry.title, width: 76, height: height, on: &buffer)
        for (offset, candidate) in listed.enumerated() {
            let isCurrent = offset == entry.candidate
            let y = area.y + 2 + offset
            guard y < area.maxY else { break }
            let name = candidate.split(separator: "/").last.map(String.init) ?? candidate
            if isCurrent { buffer.fillRow(area, y: y, CellStyle(.selection)) }
            buffer.write([Span(" " + name, isCurrent ? .selection : .overlay)], x: area.x, y: y, maxWidth: area.width)
        }
        return FieldView(line: entry.line).draw(x: area.x, y: area.y, width: area.width, on: &buffer)
    }

    private func draw(_ palette: Palette, _ buffer: inout CellBuffer) -> Screen.Position? {
        let matches = palette.matches(keymap)
        let height = min(20, max(6, buffer.size.rows - 4))
        let area = Self.window("commands", width: 76, height: height, on: &buffer)
        let list = Rect(x: area.x, y: area.y + 2, width: area.width, height: area.height - 2)
        let first = ListWindow.first(selection: palette.selection, count: matches.count, height: list.height)
        for (offset, binding) in matches.dropFirst(first).prefix(max(0, list.height)).enumerated() {
            let row = Rect(x: list.x, y: list.y + offset, width: list.width, height: 1)
            draw(binding, first + offset == palette.selection, row, &buffer)
        }
        if matches.isEmpty { buffer.writeCentred("no command has this name", in: list, .muted) }
        buffer.write(":", x: area.x, y: area.y, style: CellStyle(.key))
        return FieldView(line: palette.line).draw(x: area.x + 2, y: area.y, width: area.width - 2, on: &buffer)
    }

    private func draw(_ binding: Binding, _ isSelected: Bool, _ row: Rect, _ buffer: inout CellBuffer) {
        if isSelected { buffer.fillRow(row, y: row.y, CellStyle(.selection)) }
        let reason = binding.command.reasonUnavailable(in: state)
        let role: ThemeRole? = isSelected ? .selection : nil
        let name = binding.command.rawValue
        let chord = binding.chords.first?.label ?? ""
        let padding = String(repeating: " ", count: max(1, 17 - name.count))
        buffer.write(
            [
                Span(isSelected ? "▸" : " ", role ?? .key),
                Span(name + padding, role ?? (reason == nil ? .value : .muted)),
                Span(chord + String(repeating: " ", count: max(1, 10 - TextMeasure.width(of: chord))), role ?? .key),
                Span(reason ?? binding.help, role ?? (reason == nil ? .overlay : .muted)),
            ],
            x: row.x,
            y: row.y,
            maxWidth: row.width
        )
    }
}
