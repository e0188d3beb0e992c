import EngineKit

/// Models and settings, in as many columns as fit.
struct SettingsView {
    let state: AppState

    private static let titleWidth = 14

    private var isFocused: Bool { state.focus == .settings }

    /// The name of the pane, with the place in the list while not all of it fits.
    func title(_ area: Rect?) -> [Span] {
        let name = Span("settings", isFocused ? .titleFocused : .title)
        guard let area, SettingsGrid(area).rowsPerColumn > area.height else { return [name] }
        return [name, Span(" \(state.settings.selection + 1)/\(SettingRow.all.count)", .muted)]
    }

    func draw(in area: Rect, on buffer: inout CellBuffer) -> Screen.Position? {
        let grid = SettingsGrid(area)
        var cursor: Screen.Position?
        for (index, row) in SettingRow.all.enumerated() {
            guard let cell = grid.cell(of: index, selection: state.settings.selection) else { continue }
            let isSelected = index == state.settings.selection
            if isSelected, let editor = state.editor, editor.settingRow == row {
                cursor = drawEditor(editor, row, cell, &buffer)
            } else {
                draw(row, isSelected, cell, &buffer)
            }
        }
        return cursor
    }

    private func draw(_ row: SettingRow, _ isSelected: Bool, _ cell: Rect, _ buffer: inout CellBuffer) {
        let selection = isSelected ? (isFocused ? ThemeRole.selection : .selectionUnfocused) : nil
        if let selection { buffer.fillRow(cell, y: cell.y, CellStyle(selection)) }
        let isChanged = differs(row)
        let valueRole: ThemeRole = isChanged ? .valueChanged : .value
        buffer.write(
            [
                Span(isSelected ? "▸" : " ", selection ?? .key),
                Span(Self.padded(row.title), selection ?? .label),
                Span(isChanged ? "*" : " ", selection ?? .valueChanged),
                Span(state.settings.text(of: row), selection ?? valueRole),
            ],
            x: cell.x,
            y: cell.y,
            maxWidth: cell.width
        )
    }

    private func drawEditor(
        _ editor: Editor,
        _ row: SettingRow,
        _ cell: Rect,
        _ buffer: inout CellBuffer
    ) -> Screen.Position? {
        buffer.write(
            [Span("▸", .key), Span(Self.padded(row.title), .label)],
            x: cell.x,
            y: cell.y,
            maxWidth: cell.width
        )
        let x = cell.x + 2 + Self.titleWidth
        guard editor.choices != nil else {
            return FieldView(line: editor.line).draw(x: x, y: cell.y, width: cell.maxX - x, on: &buffer)
        }
        let spans = [Span("‹ ", .key), Span(editor.line.text, .input), Span(" ›", .key)]
        buffer.write(spans, x: x, y: cell.y, maxWidth: cell.maxX - x)
        return nil
    }

    /// Whether what is shown is not what runs.
    private func differs(_ row: SettingRow) -> Bool {
        switch row {
        case .vqgan: state.engine.model.map { $0.description.choice.vqgan != state.settings.models.vqgan } ?? false
        case .clip: state.engine.model.map { $0.description.choice.clip != state.settings.models.clip } ?? false
        case .key(let key):
            state.engine.run.map { $0.settings.value(of: key) != state.settings.effective.value(of: key) } ?? false
        }
    }

    private static func padded(_ title: String) -> String {
        title + String(repeating: " ", count: max(0, titleWidth - title.count))
    }
}
