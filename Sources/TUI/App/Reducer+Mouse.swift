import EngineKit

extension AppState {
    private static let wheelLines = 3

    /// A click focuses a pane and selects its row; the wheel scrolls the pane under it.
    mutating func click(_ event: MouseEvent) -> [Effect] {
        guard overlay == nil, editor == nil, let layout = Layout(self, size: size) else { return [] }
        guard let pane = layout.pane(atX: event.x, y: event.y), let area = layout.panes[pane]?.inset(1) else {
            return []
        }
        switch event.kind {
        case .press:
            notice = nil
            select(atX: event.x, y: event.y, pane, area)
            focus = pane
        case .wheelUp: turn(-1, pane)
        case .wheelDown: turn(1, pane)
        }
        return []
    }

    private mutating func select(atX x: Int, y: Int, _ pane: Pane, _ area: Rect) {
        guard area.contains(x: x, y: y) else { return }
        switch pane {
        case .prompts:
            let count = prompts.entries.count
            let first = ListWindow.first(selection: prompts.selection, count: count, height: area.height)
            if first + y - area.y < count { prompts.select(first + y - area.y) }
        case .settings:
            let index = SettingsGrid(area).index(atX: x, y: y, selection: settings.selection)
            if let index { settings.select(index) }
        case .loss, .log, .picture: break
        }
    }

    private mutating func turn(_ direction: Int, _ pane: Pane) {
        switch pane {
        case .prompts: prompts.select(prompts.selection + direction)
        case .settings: settings.select(settings.selection + direction)
        case .log: log.scroll(by: -direction * Self.wheelLines)
        case .loss, .picture: break
        }
    }
}
