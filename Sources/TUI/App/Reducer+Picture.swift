import EngineKit
import Preview

extension AppState {
    mutating func cyclePreview() {
        let index = preview.modes.firstIndex(of: preview.mode) ?? -1
        guard !preview.modes.isEmpty else { return }
        preview.mode = preview.modes[(index + 1) % preview.modes.count]
        preview.problem = nil
        tell("picture: \(preview.mode.title)")
    }

    /// Asks for the picture that the screen should show, unless it was asked for already.
    mutating func wantedPreview() -> Effect? {
        guard preview.mode != .off, let frame = preview.frame,
            let area = Layout(self, size: size)?.panes[.picture]?.inset(1), !area.isEmpty
        else { return nil }
        let ticket = PreviewTicket(
            serial: preview.serial,
            columns: area.width,
            rows: area.height,
            mode: preview.mode,
            depth: preview.depth
        )
        guard ticket != preview.requested else { return nil }
        preview.requested = ticket
        return .renderPreview(ticket, frame)
    }

    /// Whether the engine needs the cores that a picture is shown with.
    var showingCostsSteps: Bool { engine.phase == .running && engine.model?.description.device == "cpu" }

    /// Takes a rendered picture unless it is stale: of another size or mode, or older than the one shown.
    mutating func accept(_ picture: PreviewPicture, for ticket: PreviewTicket) {
        guard let requested = preview.requested, ticket.hasSameShape(as: requested) else { return }
        if let shown = preview.shown?.ticket, shown.hasSameShape(as: ticket), shown.serial >= ticket.serial { return }
        let number = (preview.shown?.number ?? 0) + 1
        preview.shown = RenderedPicture(ticket: ticket, picture: picture, number: number)
        preview.problem = nil
    }

    /// Says once why there is no picture.
    mutating func acceptFailure(_ problem: String, of ticket: PreviewTicket) {
        guard ticket == preview.requested, preview.problem != problem else { return }
        preview.problem = problem
        log.add("no preview: \(problem)", step: engine.step, .warning)
    }
}

extension PreviewMode {
    /// The mode in words.
    var title: String {
        switch self {
        case .cells: "symbols in the screen's colours"
        case .truecolor: "symbols in 24-bit colour"
        case .kitty: "kitty graphics"
        case .sixel: "sixel"
        case .iterm2: "iTerm2 images"
        case .off: "off"
        }
    }
}
