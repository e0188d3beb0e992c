public import EngineKit

/// Where a headless run says what it does.
public protocol RunReporter {
    mutating func loading(_ progress: LoadProgress)
    mutating func started(_ run: RunDescription, model: String)
    mutating func step(_ report: StepReport)
    mutating func saved(_ file: SavedFile)
    mutating func note(_ text: String)
    /// The last call of a run that went well, or was interrupted and saved.
    mutating func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool)
    /// The last call of a run that failed.
    mutating func failed(_ failure: EngineFailure)
}

/// Says nothing but where the picture is, and errors.
public struct QuietReporter: RunReporter {
    private var output: LineOutput
    private var errors: LineOutput

    public init(output: LineOutput, errors: LineOutput) {
        self.output = output
        self.errors = errors
    }

    public func loading(_ progress: LoadProgress) {}
    public func started(_ run: RunDescription, model: String) {}
    public func step(_ report: StepReport) {}
    public func note(_ text: String) {}
    public func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool) {}

    public mutating func saved(_ file: SavedFile) { output.line(file.path) }

    public mutating func failed(_ failure: EngineFailure) { errors.line("vqclip-tui: \(failure)") }
}

/// Plain lines: about twenty of them over a run.
public struct PlainReporter: RunReporter {
    private var output: LineOutput
    private var errors: LineOutput

    public init(output: LineOutput, errors: LineOutput) {
        self.output = output
        self.errors = errors
    }

    public func loading(_ progress: LoadProgress) {}

    public mutating func started(_ run: RunDescription, model: String) {
        output.line("model   \(model)")
        output.line("prompt  \(PromptParser.source(of: run.prompts))")
        let settings = run.settings
        output.line("run     \(settings.size), \(settings.steps) steps, \(settings.cuts) cuts, seed \(settings.seed)")
        for text in run.notes { note(text) }
    }

    public mutating func step(_ report: StepReport) {
        let interval = max(1, (report.total + 19) / 20)
        guard report.step == 1 || report.step == report.total || report.step % interval == 0 else { return }
        let seconds = Figures.rounded(report.seconds, digits: 2)
        output.line("step    \(report.step)/\(report.total)  loss \(Figures.loss(report.loss))  \(seconds) s/step")
    }

    public mutating func saved(_ file: SavedFile) { output.line("saved   \(file.path)") }

    public mutating func note(_ text: String) { output.line("note    \(text)") }

    public mutating func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool) {
        let word = wasInterrupted ? "stopped" : "done   "
        output.line("\(word) \(steps) step\(steps == 1 ? "" : "s") in \(Figures.duration(seconds))")
    }

    public mutating func failed(_ failure: EngineFailure) { errors.line("vqclip-tui: \(failure)") }
}

/// One line that is drawn over and over, for a terminal.
public struct BarReporter: RunReporter {
    private static let width = 28

    private var plain: PlainReporter
    private var output: LineOutput
    private var meanSeconds: Double?
    private var hasBar = false

    public init(output: LineOutput, errors: LineOutput) {
        plain = PlainReporter(output: output, errors: errors)
        self.output = output
    }

    public mutating func loading(_ progress: LoadProgress) { draw("loading \(progress.item)", progress.fraction) }

    public mutating func started(_ run: RunDescription, model: String) {
        clear()
        plain.started(run, model: model)
    }

    public mutating func step(_ report: StepReport) {
        let mean = meanSeconds.map { $0 + (report.seconds - $0) * 0.1 } ?? report.seconds
        meanSeconds = mean
        let left = Figures.duration(mean * Double(report.total - report.step))
        let rate = Figures.rounded(1 / max(mean, 1e-9), digits: 2)
        let text = "\(report.step)/\(report.total)  loss \(Figures.loss(report.loss))  \(rate) it/s  left \(left)"
        draw(text, Double(report.step) / Double(max(1, report.total)))
    }

    public mutating func saved(_ file: SavedFile) {
        clear()
        plain.saved(file)
    }

    public mutating func note(_ text: String) {
        clear()
        plain.note(text)
    }

    public mutating func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool) {
        clear()
        plain.done(steps: steps, loss: loss, seconds: seconds, wasInterrupted: wasInterrupted)
    }

    public mutating func failed(_ failure: EngineFailure) {
        clear()
        plain.failed(failure)
    }

    private mutating func draw(_ text: String, _ fraction: Double) {
        let filled = Int((Double(Self.width) * min(1, max(0, fraction))).rounded(.down))
        let bar = String(repeating: "▇", count: filled) + String(repeating: "·", count: Self.width - filled)
        output.redraw("▕\(bar)▏ \(text)")
        hasBar = true
    }

    private mutating func clear() {
        if hasBar { output.redraw("") }
        hasBar = false
    }
}
