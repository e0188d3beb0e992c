import EngineKit

/// The list of installed models.
struct ModelListView {
    let list: ModelList
    let current: ModelChoice

    private static let nameWidth = 20
    private static let kindWidth = 13
    private static let sizeWidth = 8

    func draw(on buffer: inout CellBuffer) {
        let height = min(list.models.count + 4, max(6, buffer.size.rows - 4))
        let area = OverlayView.window(list.title, width: 76, height: height, on: &buffer)
        let rows = Rect(x: area.x, y: area.y, width: area.width, height: max(0, area.height - 2))
        let first = ListWindow.first(selection: list.selection, count: list.models.count, height: rows.height)
        for (offset, model) in list.models.dropFirst(first).prefix(rows.height).enumerated() {
            let row = Rect(x: rows.x, y: rows.y + offset, width: rows.width, height: 1)
            draw(model, first + offset == list.selection, row, &buffer)
        }
        let hint = [Span("more with: ", .muted), Span("vqclip-tui models pull NAME", .overlay)]
        buffer.write(hint, x: area.x, y: area.maxY - 1, maxWidth: area.width)
    }

    private func draw(_ model: ModelSummary, _ isSelected: Bool, _ row: Rect, _ buffer: inout CellBuffer) {
        if isSelected { buffer.fillRow(row, y: row.y, CellStyle(.selection)) }
        let role: ThemeRole? = isSelected ? .selection : nil
        let isUsed = ModelList.isUsed(model, in: current)
        buffer.write(
            [
                Span(isSelected ? "▸" : " ", role ?? .key),
                Span(isUsed ? "● " : "  ", role ?? .valueChanged),
                Span(Self.padded(model.name, Self.nameWidth), role ?? .value),
                Span(Self.padded(Self.kind(model), Self.kindWidth), role ?? .label),
                Span(Self.padded(ByteText.size(model.bytes), Self.sizeWidth) + "  ", role ?? .overlay),
                Span(model.detail, role ?? .muted),
            ],
            x: row.x,
            y: row.y,
            maxWidth: row.width
        )
    }

    private static func kind(_ model: ModelSummary) -> String {
        switch (model.hasVQGAN, model.hasCLIP) {
        case (true, true): "VQGAN + CLIP"
        case (true, false): "VQGAN"
        case (false, _): "CLIP"
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        let fitted = TextMeasure.width(of: text) < width ? text : TextMeasure.fitted(text, to: width - 1)
        return fitted + String(repeating: " ", count: max(1, width - TextMeasure.width(of: fitted)))
    }
}
