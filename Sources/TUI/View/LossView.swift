import EngineKit

/// The colour of a prompt's loss: the roles in turn.
enum LossRole {
    static func of(_ index: Int) -> ThemeRole {
        let roles: [ThemeRole] = [.loss1, .loss2, .loss3, .loss4]
        return roles[index % roles.count]
    }
}

/// The losses over the steps of the run: one line per prompt, and their sum.
struct LossView {
    let state: AppState

    private struct Curve {
        let role: ThemeRole
        let points: [(step: Int, loss: Double)]
    }

    /// The name of the pane, with the key to the lines.
    func title() -> [Span] {
        let name = Span("loss", state.focus == .loss ? .titleFocused : .title)
        return state.history.isEmpty ? [name] : [name, Span("  ", .muted)] + legend()
    }

    private func legend() -> [Span] {
        guard let last = state.history.last else { return [] }
        var spans = [Span("━ total", .lossTotal)]
        guard last.losses.count > 1 else { return spans }
        for (index, entry) in state.prompts.entries.enumerated() where last.losses[entry.id] != nil {
            spans.append(Span(" ━ \(index + 1)", LossRole.of(index)))
        }
        return spans
    }

    /// - Parameter hasLegend: the first row tells the lines apart, for where the title has no room.
    func draw(in area: Rect, hasLegend: Bool, on buffer: inout CellBuffer) {
        guard hasLegend, area.height > 5, !state.history.isEmpty else { return draw(in: area, on: &buffer) }
        buffer.write([Span(" ", .muted)] + legend(), x: area.x, y: area.y, maxWidth: area.width)
        let rest = Rect(x: area.x, y: area.y + 1, width: area.width, height: area.height - 1)
        draw(in: rest, on: &buffer)
    }

    private func draw(in area: Rect, on buffer: inout CellBuffer) {
        let samples = state.history.samples
        guard let first = samples.first, let last = samples.last else {
            buffer.writeCentred("the loss appears with the first step", in: area, .muted)
            return
        }
        let curves = self.curves()
        let all = curves.lazy.flatMap(\.points).map(\.loss)
        guard let lowest = all.min(), let highest = all.max() else { return }
        let labels = (low: Figures.loss(lowest), high: Figures.loss(highest))
        let labelWidth = max(labels.low.count, labels.high.count)
        let hasSteps = area.height >= 3
        let plot = Rect(
            x: area.x + labelWidth + 1,
            y: area.y,
            width: area.width - labelWidth - 1,
            height: area.height - (hasSteps ? 1 : 0)
        )
        guard plot.width > 2, plot.height > 0 else { return }
        drawAxes(labels, labelWidth, plot, &buffer)
        if hasSteps { drawSteps(first.step, last.step, plot, &buffer) }
        let range = LossRange(steps: first.step...last.step, low: lowest, high: highest)
        var canvas = BrailleCanvas(columns: plot.width, rows: plot.height)
        for curve in curves { Self.draw(curve.points, curve.role, range, &canvas) }
        canvas.draw(x: plot.x, y: plot.y, on: &buffer)
    }

    /// The prompts' lines first, so that the total lies above them. A single prompt is the total.
    private func curves() -> [Curve] {
        let samples = state.history.samples
        var curves: [Curve] = []
        if samples.contains(where: { $0.losses.count > 1 }) {
            for (index, entry) in state.prompts.entries.enumerated() {
                let points = samples.compactMap { sample in
                    sample.losses[entry.id].map { (step: sample.step, loss: $0) }
                }
                if !points.isEmpty { curves.append(Curve(role: LossRole.of(index), points: points)) }
            }
        }
        curves.append(Curve(role: .lossTotal, points: samples.map { (step: $0.step, loss: $0.total) }))
        return curves
    }

    private func drawAxes(
        _ labels: (low: String, high: String),
        _ labelWidth: Int,
        _ plot: Rect,
        _ buffer: inout CellBuffer
    ) {
        let style = CellStyle(.axis)
        for y in plot.y..<plot.maxY { buffer[plot.x - 1, y] = Cell(text: "│", style: style) }
        func label(_ text: String, y: Int) {
            buffer.write(text, x: plot.x - 1 - text.count, y: y, style: style)
            buffer[plot.x - 1, y] = Cell(text: "┤", style: style)
        }
        label(labels.high, y: plot.y)
        if plot.height > 1 { label(labels.low, y: plot.maxY - 1) }
    }

    private func drawSteps(_ first: Int, _ last: Int, _ plot: Rect, _ buffer: inout CellBuffer) {
        let style = CellStyle(.axis)
        buffer.write(String(first), x: plot.x, y: plot.maxY, style: style)
        guard last > first else { return }
        let end = String(last)
        buffer.write(end, x: plot.maxX - end.count, y: plot.maxY, style: style)
        let middle = String((first + last) / 2)
        if plot.width >= 30, last - first >= 4 {
            buffer.write(middle, x: plot.x + (plot.width - middle.count) / 2, y: plot.maxY, style: style)
        }
    }

    private static func draw(
        _ points: [(step: Int, loss: Double)],
        _ role: ThemeRole,
        _ range: LossRange,
        _ canvas: inout BrailleCanvas
    ) {
        let style = CellStyle(role)
        var previous: (step: Int, x: Int, y: Int)?
        for point in points {
            let x = range.column(of: point.step, dots: canvas.dotsAcross)
            let y = range.row(of: point.loss, dots: canvas.dotsDown)
            if let previous, point.step - previous.step <= range.longestGap {
                canvas.line(from: (previous.x, previous.y), to: (x, y), style)
            } else {
                canvas.set(x: x, y: y, style)
            }
            previous = (point.step, x, y)
        }
    }
}

/// What the plot's edges stand for.
struct LossRange {
    let steps: ClosedRange<Int>
    let low: Double
    let high: Double

    /// Points further apart than this, in steps, are not joined: the prompt was muted in between.
    var longestGap: Int { max(2, steps.count / 20) }

    func column(of step: Int, dots: Int) -> Int {
        steps.count <= 1 ? 0 : (step - steps.lowerBound) * (dots - 1) / (steps.count - 1)
    }

    func row(of loss: Double, dots: Int) -> Int {
        guard high > low else { return dots / 2 }
        return Int(((high - loss) / (high - low) * Double(dots - 1)).rounded())
    }
}
