/// Where everything is on the screen.
struct Layout: Sendable, Equatable {
    enum Arrangement: Sendable, Equatable {
        /// The picture on the right, the other panes stacked on the left.
        case columns
        /// One pane at a time, on tall screens below the picture.
        case tabs
    }

    /// Below this nothing useful fits.
    static let minimum = Size(columns: 40, rows: 10)
    /// The panes on the left, from the top.
    static let stack: [Pane] = [.prompts, .settings, .loss, .log]

    var arrangement: Arrangement
    /// The visible panes with their borders; neighbours on the left share a border.
    var panes: [Pane: Rect]
    /// One line; empty where there is no room.
    var progress: Rect
    var status: Rect
    var footer: Rect

    /// - Returns: `nil` when the screen is too small.
    init?(_ state: AppState, size: Size) {
        guard size.columns >= Self.minimum.columns, size.rows >= Self.minimum.rows else { return nil }
        status = Rect(x: 0, y: size.rows - 2, width: size.columns, height: 1)
        footer = Rect(x: 0, y: size.rows - 1, width: size.columns, height: 1)
        let fitsColumns = size.columns >= 72 && size.rows >= 19
        if fitsColumns, !state.isZoomed {
            let left = min(72, max(32, size.columns * 34 / 100))
            let right = size.columns - left
            arrangement = .columns
            panes = Self.stacked(state, Rect(x: 0, y: 0, width: left, height: size.rows - 2))
            panes[.picture] = Rect(x: left, y: 0, width: right, height: size.rows - 3)
            progress = Rect(x: left, y: size.rows - 3, width: right, height: 1)
        } else {
            let hasProgress = size.rows >= 12
            arrangement = .tabs
            panes = Self.tabbed(state, Rect(x: 0, y: 0, width: size.columns, height: size.rows - (hasProgress ? 3 : 2)))
            progress = Rect(x: 0, y: size.rows - 3, width: size.columns, height: hasProgress ? 1 : 0)
        }
    }

    /// The pane under a place of the screen.
    func pane(atX x: Int, y: Int) -> Pane? {
        Pane.allCases.first { panes[$0]?.contains(x: x, y: y) ?? false }
    }

    /// The focused pane alone, or under the picture where there is height for both.
    private static func tabbed(_ state: AppState, _ area: Rect) -> [Pane: Rect] {
        guard area.height >= 28, !state.isZoomed, state.focus != .picture else { return [state.focus: area] }
        let upper = min(area.height - 14, area.width / 2 + 2)
        return [
            .picture: Rect(x: area.x, y: area.y, width: area.width, height: upper),
            state.focus: Rect(x: area.x, y: area.y + upper, width: area.width, height: area.height - upper),
        ]
    }

    private static func stacked(_ state: AppState, _ area: Rect) -> [Pane: Rect] {
        let inner = Rect(x: 0, y: 0, width: area.width - 2, height: 0)
        let editing = state.editor?.isPrompt == true ? 2 : 0
        let shares: [Share] = stack.map { pane in
            var share =
                switch pane {
                case .prompts:
                    Share(least: 3, wanted: min(14, max(4, state.prompts.entries.count + editing)), weight: 2)
                case .settings: Share(least: 3, wanted: SettingsGrid(inner).rowsPerColumn, weight: 1)
                case .loss: Share(least: 4, wanted: 12, weight: 1)
                case .log, .picture: Share(least: 2, wanted: 8, weight: 0.75)
                }
            if pane == state.focus { share.weight *= 3 }
            return share
        }
        // One border above each pane and one below the last.
        let heights = Share.divide(area.height - stack.count - 1, among: shares)
        var panes: [Pane: Rect] = [:]
        var y = area.y
        for (pane, height) in zip(stack, heights) {
            panes[pane] = Rect(x: area.x, y: y, width: area.width, height: height + 2)
            y += height + 1
        }
        return panes
    }
}

/// A pane's claim on the rows of its column.
private struct Share {
    var least: Int
    var wanted: Int
    var weight: Double

    /// Everyone gets the least; the rest goes row by row to whom most is missing; what nobody wants goes to the last two.
    static func divide(_ rows: Int, among shares: [Share]) -> [Int] {
        var heights = shares.map(\.least)
        for extra in 0..<max(0, rows - heights.reduce(0, +)) {
            let need = shares.indices.map { index in
                shares[index].weight * Double(shares[index].wanted - heights[index]) / Double(shares[index].wanted)
            }
            let neediest = need.indices.max { need[$0] < need[$1] } ?? 0
            let isNeeded = need.indices.contains(neediest) && need[neediest] > 0
            heights[isNeeded ? neediest : shares.count - 1 - extra % 2] += 1
        }
        return heights
    }
}

/// A list that scrolls so that its selection stays in the middle.
enum ListWindow {
    /// The first row shown.
    static func first(selection: Int, count: Int, height: Int) -> Int {
        max(0, min(selection - height / 2, count - height))
    }
}

/// The settings in one or more columns, filled from the top.
struct SettingsGrid: Sendable, Equatable {
    private static let leastColumnWidth = 30

    let area: Rect
    let columns: Int
    let rowsPerColumn: Int
    let columnWidth: Int

    init(_ area: Rect) {
        self.area = area
        columns = max(1, min(3, area.width / Self.leastColumnWidth))
        rowsPerColumn = (SettingRow.all.count + columns - 1) / columns
        columnWidth = max(0, area.width / columns)
    }

    func firstRow(selection: Int) -> Int {
        ListWindow.first(selection: selection % rowsPerColumn, count: rowsPerColumn, height: area.height)
    }

    /// Where a setting is drawn, or `nil` while it is scrolled away.
    func cell(of index: Int, selection: Int) -> Rect? {
        let row = index % rowsPerColumn - firstRow(selection: selection)
        guard (0..<area.height).contains(row) else { return nil }
        let column = index / rowsPerColumn
        // The last column takes what the division left over.
        let width = column == columns - 1 ? area.width - column * columnWidth : columnWidth
        return Rect(x: area.x + column * columnWidth, y: area.y + row, width: width, height: 1)
    }

    func index(atX x: Int, y: Int, selection: Int) -> Int? {
        SettingRow.all.indices.first { cell(of: $0, selection: selection)?.contains(x: x, y: y) ?? false }
    }
}
