import EngineKit
import Foundation
import Headless
import Preview
import Training

/// Says how a training goes: a line that is drawn over and over, with pictures above it, for a terminal; else plain lines,
/// or JSON.
struct TrainingReporter {
    private enum Style { case json, quiet, bar, plain }

    private let style: Style
    private var output = LineOutput.standardOutput
    private var errors = LineOutput.standardError
    private var hasBar = false
    private var lastLine = Date.distantPast

    private static let width = 24
    /// Cells that a picture may cover.
    private static let (columns, rows) = (76, 20)
    /// Seconds between plain lines, and between changes of the line that is drawn over.
    private static let (plainInterval, barInterval) = (10.0, 0.2)

    init(json: Bool, quiet: Bool) {
        style = json ? .json : quiet ? .quiet : output.isTerminal ? .bar : .plain
    }

    mutating func report(_ event: TrainingEvent) {
        switch style {
        case .json: write(Self.object(of: event))
        case .quiet: break
        case .bar, .plain: tell(event)
        }
    }

    mutating func done(_ kind: TrainingKind, output folder: String) {
        switch style {
        case .json: write(["event": "done", "path": folder, "interrupted": false])
        case .quiet: output.line(folder)
        case .bar, .plain: line("done      paint with it: vqclip-tui --\(kind.rawValue) \(folder)")
        }
    }

    mutating func interrupted(_ kind: TrainingKind, output folder: String) {
        switch style {
        case .json: write(["event": "done", "path": folder, "interrupted": true])
        case .quiet: break
        case .bar, .plain: line("stopped   go on with: vqclip-tui train \(kind.rawValue) --resume -o \(folder)")
        }
    }

    mutating func failed(_ failure: EngineFailure) {
        clear()
        if style == .json {
            write([
                "event": "error", "kind": failure.kind.rawValue, "message": failure.summary,
                "hint": failure.hint as Any,
            ])
        } else {
            errors.line("vqclip-tui: \(failure)")
        }
    }

    // MARK: For people

    private mutating func tell(_ event: TrainingEvent) {
        switch event {
        case .decoding(let done, let total):
            if style == .bar { draw("decoding \(done)/\(total)", Double(done) / Double(max(1, total))) }
        case .data(let summary):
            line("data      \(summary.line)")
            for problem in summary.problems { line("note      \(problem)") }
        case .model(let text): line("model     \(text)")
        case .resumed(let step): line("resumed   after step \(step)")
        case .step(let report): tell(report)
        case .evaluated(let evaluation): tell(evaluation)
        case .saved(let path, let step): line("saved     \(path) after step \(step)")
        case .note(let text): line("note      \(text)")
        }
    }

    private mutating func tell(_ report: TrainingReport) {
        let interval = style == .bar ? Self.barInterval : Self.plainInterval
        guard report.step == 1 || report.fraction >= 1 || Date().timeIntervalSince(lastLine) >= interval else { return }
        lastLine = Date()
        let losses = report.losses.map { "\($0.name) \(TrainingFigures.measure($0.value))" }
        let figures = [
            "step \(report.step)", losses.joined(separator: " "), "rate \(String(format: "%.2g", report.rate))",
            "\(String(format: "%.1f", report.samplesPerSecond)) pictures/s",
            "left \(Self.duration(report.secondsLeft))",
        ]
        let text = figures.joined(separator: "  ")
        if style == .bar { draw(text, report.fraction) } else { line(text) }
    }

    private mutating func tell(_ evaluation: TrainingEvaluation) {
        let measures = evaluation.measures.map { "\($0.name) \(TrainingFigures.measure($0.value))" }
        if style == .bar, let frame = evaluation.picture {
            for row in Self.drawn(frame) { line(row) }
            for (index, caption) in evaluation.captions.enumerated() { line("          row \(index + 1): \(caption)") }
        }
        line("measured  step \(evaluation.step)  \(measures.joined(separator: "  "))")
    }

    /// The picture in symbols, with colours where the terminal has them all.
    private static func drawn(_ frame: Frame) -> [String] {
        let environment = ProcessInfo.processInfo.environment
        let hasColours =
            ["truecolor", "24bit"].contains(environment["COLORTERM"]?.lowercased()) && environment["NO_COLOR"] == nil
        let request = PreviewRequest(
            frame: frame,
            columns: columns,
            rows: rows,
            mode: hasColours ? .truecolor : .cells,
            depth: .monochrome
        )
        switch try? PreviewRenderer().render(request) {
        case .bytes(let rows, _, _): return rows.map { String(decoding: $0, as: UTF8.self) + "\u{1B}[0m" }
        case .cells(let image):
            return (0..<image.rows).map { row in
                let scalars = image.cells[row * image.columns..<(row + 1) * image.columns].compactMap {
                    Unicode.Scalar($0.scalar)
                }
                return String(String.UnicodeScalarView(scalars))
            }
        case nil: return []
        }
    }

    private static func duration(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e9).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
        return String(format: "%dh%02dm", whole / 3600, whole % 3600 / 60)
    }

    private mutating func draw(_ text: String, _ fraction: Double) {
        let filled = Int(Double(Self.width) * min(1, max(0, fraction)))
        let bar = String(repeating: "▇", count: filled) + String(repeating: "·", count: Self.width - filled)
        // A line that wraps could not be drawn over.
        output.redraw("▕\(bar)▏ \(text)".prefix(max(20, Self.terminalColumns - 1)).description)
        hasBar = true
    }

    private static var terminalColumns: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    private mutating func clear() {
        if hasBar { output.redraw("") }
        hasBar = false
    }

    private mutating func line(_ text: String) {
        clear()
        output.line(text)
    }

    // MARK: For programs

    private mutating func write(_ object: [String: Any]) {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        if let data = try? JSONSerialization.data(withJSONObject: object, options: options) {
            output.line(String(decoding: data, as: UTF8.self))
        }
    }

    private static func object(of event: TrainingEvent) -> [String: Any] {
        switch event {
        case .decoding(let done, let total): return ["event": "decoding", "done": done, "total": total]
        case .data(let summary):
            return [
                "event": "data", "training": summary.training, "measured": summary.measured,
                "holds_out": summary.holdsOut, "unreadable": summary.unreadable, "too_small": summary.tooSmall,
                "duplicates": summary.duplicates, "without_caption": summary.withoutCaption,
                "orphaned_captions": summary.orphanedCaptions, "problems": summary.problems,
            ]
        case .model(let text): return ["event": "model", "summary": text]
        case .resumed(let step): return ["event": "resumed", "step": step]
        case .step(let report):
            return [
                "event": "step", "step": report.step, "fraction": report.fraction, "losses": dictionary(report.losses),
                "rate": report.rate, "pictures_per_second": report.samplesPerSecond,
                "seconds_left": report.secondsLeft,
            ]
        case .evaluated(let evaluation):
            return [
                "event": "evaluation", "step": evaluation.step, "measures": dictionary(evaluation.measures),
                "captions": evaluation.captions, "picture": evaluation.path ?? "",
            ]
        case .saved(let path, let step): return ["event": "saved", "path": path, "step": step]
        case .note(let text): return ["event": "note", "message": text]
        }
    }

    private static func dictionary(_ values: [(name: String, value: Double)]) -> [String: Double] {
        Dictionary(values.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }
}
