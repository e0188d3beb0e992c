import EngineKit
import Preview

/// The picture, in the middle of its pane.
struct PictureView {
    let state: AppState

    func title() -> [Span] {
        let name = Span("picture", state.focus == .picture ? .titleFocused : .title)
        guard let frame = state.preview.frame else { return [name] }
        return [name, Span(" \(frame.width)×\(frame.height) · step \(frame.step)", .muted)]
    }

    func draw(in area: Rect, on buffer: inout CellBuffer) -> PictureOverlay? {
        guard !area.isEmpty else { return nil }
        buffer.fill(area, with: Cell(text: " ", style: CellStyle(.pictureBackground)))
        guard state.preview.mode != .off, let shown = state.preview.shown else {
            buffer.writeCentred(advice, in: area, .muted)
            return nil
        }
        let size = shown.picture.size
        let place = Rect(
            x: area.x + (area.width - size.columns) / 2,
            y: area.y + (area.height - size.rows) / 2,
            width: size.columns,
            height: size.rows
        )
        switch shown.picture {
        case .cells(let image):
            draw(image, place, area, &buffer)
            return nil
        case .bytes(let rows, _, _):
            // Just after a change of size the last picture may be too large, and it cannot be clipped.
            guard place.width <= area.width, place.height <= area.height else { return nil }
            return PictureOverlay(area: place, rows: rows, serial: shown.number)
        }
    }

    private func draw(_ image: CellImage, _ place: Rect, _ area: Rect, _ buffer: inout CellBuffer) {
        for row in 0..<image.rows where (area.y..<area.maxY).contains(place.y + row) {
            for column in 0..<image.columns where (area.x..<area.maxX).contains(place.x + column) {
                let cell = image.cells[row * image.columns + column]
                let text = Unicode.Scalar(cell.scalar).map { String(Character($0)) } ?? " "
                let style = CellStyle(.pictureBackground, foreground: cell.foreground, background: cell.background)
                buffer[place.x + column, place.y + row] = Cell(text: text, style: style)
            }
        }
    }

    /// What to do while there is no picture.
    private var advice: String {
        if state.preview.mode == .off { return "the preview is off: p shows the picture" }
        if let problem = state.preview.problem { return "no preview: \(problem)" }
        if state.engine.run != nil { return "the first picture is being painted" }
        switch state.engine.phase {
        case .loading:
            return state.engine.startsWhenLoaded ? "painting starts when the model is loaded" : "loading the model"
        case .failed: return "the model could not be loaded: see the log, then choose another in the settings"
        case .idle: return state.engine.isLoading ? "loading the model" : "no model is loaded: L loads it"
        case .ready, .running, .paused, .finished:
            return state.prompts.isEmpty ? AppState.emptyPromptsAdvice : "press space to paint"
        }
    }
}
