import EngineKit

/// The list of prompts, one of which may be edited in place.
struct PromptsView {
    let state: AppState

    private var isFocused: Bool { state.focus == .prompts }

    /// The name of the pane, with the number of prompts or, while typing, of tokens.
    func title() -> [Span] {
        let name = Span("prompts", isFocused ? .titleFocused : .title)
        if let editor = state.editor, editor.isPrompt, let tokens = editor.tokens {
            let role: ThemeRole = tokens.cutOff.isEmpty ? .muted : .warning
            return [name, Span(" \(tokens.count)/\(tokens.limit) tokens", role)]
        }
        let count = state.prompts.entries.count
        return count > 0 ? [name, Span(" \(count)", .muted)] : [name]
    }

    /// - Returns: the text cursor while a prompt is edited.
    func draw(in area: Rect, on buffer: inout CellBuffer) -> Screen.Position? {
        let rows = self.rows()
        guard !rows.isEmpty else {
            buffer.writeCentred(AppState.emptyPromptsAdvice, in: area, .muted)
            return nil
        }
        let selected = rows.firstIndex(of: activeRow) ?? 0
        let problemLines = state.editor?.problem != nil ? 1 : 0
        let first = ListWindow.first(selection: selected + problemLines, count: rows.count, height: area.height)
        var cursor: Screen.Position?
        for (offset, row) in rows.dropFirst(first).prefix(area.height).enumerated() {
            cursor = draw(row, Rect(x: area.x, y: area.y + offset, width: area.width, height: 1), &buffer) ?? cursor
        }
        return cursor
    }

    private enum Row: Equatable {
        case prompt(Int)
        case editor(number: Int)
        case problem
    }

    private var activeRow: Row {
        switch state.editor?.target {
        case .newPrompt: .editor(number: state.prompts.entries.count + 1)
        case .prompt(let id): .editor(number: (state.prompts.entries.firstIndex { $0.id == id } ?? 0) + 1)
        case .setting, nil: .prompt(state.prompts.selection)
        }
    }

    private func rows() -> [Row] {
        var rows = state.prompts.entries.indices.map { Row.prompt($0) }
        guard let editor = state.editor, editor.isPrompt, case .editor(let number) = activeRow else { return rows }
        if number <= rows.count { rows[number - 1] = activeRow } else { rows.append(activeRow) }
        if editor.problem != nil { rows.insert(.problem, at: number) }
        return rows
    }

    private func draw(_ row: Row, _ area: Rect, _ buffer: inout CellBuffer) -> Screen.Position? {
        switch row {
        case .prompt(let index): draw(index, area, &buffer)
        case .editor(let number): return drawEditor(number, area, &buffer)
        case .problem: drawProblem(area, &buffer)
        }
        return nil
    }

    private static let editorIndent = 4

    private func drawEditor(_ number: Int, _ area: Rect, _ buffer: inout CellBuffer) -> Screen.Position? {
        guard let editor = state.editor else { return nil }
        buffer.write([Span("▸", .key), Span(Self.padded(number), .label)], x: area.x, y: area.y, maxWidth: area.width)
        return field(editor).draw(
            x: area.x + Self.editorIndent,
            y: area.y,
            width: area.width - Self.editorIndent,
            on: &buffer
        )
    }

    private func field(_ editor: Editor) -> FieldView {
        FieldView(line: editor.line, cutOff: editor.tokens?.cutOff ?? [], errorColumn: editor.problem?.column)
    }

    /// A caret under the character at fault, and the message where there is more room.
    private func drawProblem(_ area: Rect, _ buffer: inout CellBuffer) {
        guard let editor = state.editor, let problem = editor.problem else { return }
        let width = area.width - Self.editorIndent
        let place = problem.column.map { field(editor).place(of: $0, width: width) } ?? 0
        let style = CellStyle(.error)
        let caretX = area.x + Self.editorIndent + place
        buffer.write("^", x: caretX, y: area.y, style: style)
        let after = area.maxX - caretX - 2
        if after >= place + 2 {
            buffer.write([Span(problem.message, style)], x: caretX + 2, y: area.y, maxWidth: after)
        } else {
            let text = TextMeasure.fitted(problem.message, to: place + 2)
            buffer.write(text, x: caretX - 1 - TextMeasure.width(of: text), y: area.y, style: style)
        }
    }

    private static func padded(_ number: Int) -> String { number < 10 ? " \(number)" : String(number) }

    private func draw(_ index: Int, _ area: Rect, _ buffer: inout CellBuffer) {
        let entry = state.prompts.entries[index]
        let isSelected = index == state.prompts.selection && state.editor?.isPrompt != true
        let selection = isSelected ? (isFocused ? ThemeRole.selection : .selectionUnfocused) : nil
        if let selection { buffer.fillRow(area, y: area.y, CellStyle(selection)) }
        let isAudible = state.prompts.prompts.audible[index]
        func style(_ role: ThemeRole) -> CellStyle { CellStyle(selection ?? role) }
        let number = Span(Self.padded(index + 1), selection.map { CellStyle($0) } ?? CellStyle(LossRole.of(index)))
        let text = entry.prompt.label + (entry.prompt.stop.map { "  stop \(PromptParser.number($0))" } ?? "")
        buffer.write(
            [
                Span(isSelected ? "▸" : " ", style(.key)),
                number,
                Span(flag(entry), style(entry.prompt.isMuted ? .warning : .valueChanged)),
                Span(Self.weight(entry.prompt.weight) + " ", style(.value)),
                Span(text, style(isAudible ? .text : .muted)),
            ],
            x: area.x,
            y: area.y,
            maxWidth: area.width
        )
    }

    /// M for muted, S for solo, * for what the run does not know yet.
    private func flag(_ entry: PromptList.Entry) -> String {
        if entry.prompt.isMuted { return "M" }
        if entry.prompt.isSolo { return "S" }
        guard let run = state.engine.run else { return " " }
        return run.entries.contains(entry) ? " " : "*"
    }

    private static func weight(_ weight: Double) -> String {
        let text = Figures.fixed(weight, 2)
        return String(repeating: " ", count: max(0, 5 - text.count)) + text
    }
}
