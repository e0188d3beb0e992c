import EngineKit

/// How far the run, or the loading, is: `▕▇▇▇◆▇··▏ 84/300`.
struct ProgressView {
    let state: AppState

    func draw(in area: Rect, on buffer: inout CellBuffer) {
        guard !area.isEmpty else { return }
        if state.engine.phase == .loading {
            let progress = state.engine.progress
            let fraction = min(1, max(0, progress?.fraction ?? 0))
            let label = " \(Int(fraction * 100))% \(progress?.item ?? "loading")"
            draw(fraction, marks: [], label, area, &buffer)
        } else if let run = state.engine.run, run.total > 0 {
            let total = Double(run.total)
            let marks = run.marks.map { Double($0) / total }
            draw(min(1, Double(run.step) / total), marks: marks, " \(run.step)/\(run.total)", area, &buffer)
        }
    }

    private func draw(_ fraction: Double, marks: [Double], _ label: String, _ area: Rect, _ buffer: inout CellBuffer) {
        let label = TextMeasure.fitted(label, to: max(0, area.width / 2))
        let width = area.width - TextMeasure.width(of: label) - 3
        guard width > 3 else { return }
        let x = area.x + 1
        let done = Int((fraction * Double(width)).rounded(.down))
        buffer.write("▕", x: x, y: area.y, style: CellStyle(.progress))
        for column in 0..<width {
            let isDone = column < done
            buffer[x + 1 + column, area.y] = Cell(
                text: isDone ? "▇" : "·",
                style: CellStyle(isDone ? .progressDone : .progress)
            )
        }
        for mark in marks {
            let column = min(width - 1, max(0, Int(mark * Double(width))))
            buffer[x + 1 + column, area.y] = Cell(text: "◆", style: CellStyle(.progressMark))
        }
        buffer.write("▏" + label, x: x + 1 + width, y: area.y, style: CellStyle(.progress))
    }
}
