/// The whole screen for a state. Pure; any size is fine.
func rootView(_ state: AppState, size: Size, keymap: Keymap) -> Screen {
    var buffer = CellBuffer(size: size)
    guard let layout = Layout(state, size: size) else {
        drawTooSmall(on: &buffer)
        return Screen(cells: buffer, cursor: nil, overlay: nil)
    }
    var painter = PanePainter(state: state, layout: layout, buffer: buffer)
    painter.draw()
    let status = StatusView(state: state, keymap: keymap)
    status.drawStatus(in: layout.status, on: &painter.buffer)
    status.drawFooter(in: layout.footer, on: &painter.buffer)
    ProgressView(state: state).draw(in: layout.progress, on: &painter.buffer)
    guard state.overlay != nil else {
        return Screen(cells: painter.buffer, cursor: painter.cursor, overlay: painter.overlay)
    }
    // Bytes written over the cells would also cover the overlay, so they wait until it closes.
    let cursor = OverlayView(state: state, keymap: keymap).draw(on: &painter.buffer)
    return Screen(cells: painter.buffer, cursor: cursor, overlay: nil)
}

private func drawTooSmall(on buffer: inout CellBuffer) {
    let (least, size) = (Layout.minimum, buffer.size)
    let text = "terminal too small (need \(least.columns)×\(least.rows), have \(size.columns)×\(size.rows))"
    buffer.writeCentred(text, in: buffer.bounds, .warning)
}

/// Draws the visible panes; the focused one last, because neighbours share a border.
private struct PanePainter {
    let state: AppState
    let layout: Layout
    var buffer: CellBuffer
    var cursor: Screen.Position?
    var overlay: PictureOverlay?

    mutating func draw() {
        let visible = Pane.allCases.filter { layout.panes[$0] != nil && $0 != state.focus }
        let boxes = (visible + [state.focus]).compactMap { pane in layout.panes[pane].map { box(pane, $0) }
        }
        for box in boxes { box.drawLines(on: &buffer) }
        for box in boxes { box.drawTitle(on: &buffer) }
        for pane in visible + [state.focus] { draw(pane) }
    }

    private mutating func draw(_ pane: Pane) {
        guard let rect = layout.panes[pane] else { return }
        let area = rect.inset(1)
        switch pane {
        case .prompts: cursor = PromptsView(state: state).draw(in: area, on: &buffer) ?? cursor
        case .settings: cursor = SettingsView(state: state).draw(in: area, on: &buffer) ?? cursor
        case .loss: LossView(state: state).draw(in: area, hasLegend: layout.arrangement == .tabs, on: &buffer)
        case .log: LogView(state: state).draw(in: area, on: &buffer)
        case .picture: overlay = PictureView(state: state).draw(in: area, on: &buffer)
        }
    }

    private func box(_ pane: Pane, _ rect: Rect) -> Box {
        var box = Box(rect: rect, title: title(of: pane), isFocused: pane == state.focus)
        guard layout.arrangement == .columns, let index = Layout.stack.firstIndex(of: pane) else { return box }
        box.joinsAbove = index > 0
        box.joinsBelow = index < Layout.stack.count - 1
        return box
    }

    private func title(of pane: Pane) -> [Span] {
        let full =
            switch pane {
            case .prompts: PromptsView(state: state).title()
            case .settings: SettingsView(state: state).title(layout.panes[.settings]?.inset(1))
            case .loss: LossView(state: state).title()
            case .log: LogView(state: state).title()
            case .picture: PictureView(state: state).title()
            }
        return layout.arrangement == .columns || pane != state.focus ? full : tabs(current: full)
    }

    /// All panes by name, the visible one in brackets and with its figures where there is room.
    private func tabs(current: [Span]) -> [Span] {
        let names = Pane.allCases.flatMap { pane in
            let isCurrent = pane == state.focus
            let name = isCurrent ? "[\(pane.rawValue)]" : pane.rawValue
            return [Span(name, isCurrent ? .titleFocused : .muted), Span(" ", .muted)]
        }.dropLast()
        // The loss pane's legend has a row of its own here.
        let details = state.focus == .loss || current.count < 2 ? [] : [Span(" ─", .border)] + current.dropFirst()
        let room = layout.panes[state.focus].map { $0.width - 4 } ?? 0
        return names.width + details.width <= room ? names + details : Array(names)
    }
}

extension ArraySlice<Span> {
    fileprivate var width: Int { reduce(0) { $0 + $1.width } }
}
