/// What happened, the newest at the bottom.
struct LogView {
    let state: AppState

    func title() -> [Span] {
        let name = Span("log", state.focus == .log ? .titleFocused : .title)
        return state.log.scrolledBack > 0 ? [name, Span(" \(state.log.scrolledBack) below", .muted)] : [name]
    }

    func draw(in area: Rect, on buffer: inout CellBuffer) {
        let entries = state.log.entries
        guard !entries.isEmpty, !area.isEmpty else {
            buffer.writeCentred("what happens is written here", in: area, .muted)
            return
        }
        let end = max(min(entries.count, area.height), entries.count - state.log.scrolledBack)
        let visible = entries[max(0, end - area.height)..<end]
        let stepWidth = visible.compactMap { $0.step.map { String($0).count } }.max() ?? 0
        for (offset, entry) in visible.enumerated() {
            var spans: [Span] = []
            if stepWidth > 0 {
                let step = entry.step.map(String.init) ?? ""
                spans.append(Span(String(repeating: " ", count: stepWidth - step.count) + step + " ", .muted))
            }
            let text =
                entry.severity == .saved
                ? TextMeasure.fittedPath(entry.text, to: area.width - spans.width) : entry.text
            spans.append(Span(text, entry.severity.role))
            buffer.write(spans, x: area.x, y: area.y + offset, maxWidth: area.width)
        }
    }
}

extension EventLog.Severity {
    var role: ThemeRole {
        switch self {
        case .info: .text
        case .change: .info
        case .saved: .ok
        case .warning: .warning
        case .error: .error
        }
    }
}
