import EngineKit

/// The two lines at the bottom: what the engine does, and which keys help.
struct StatusView {
    let state: AppState
    let keymap: Keymap

    func drawStatus(in area: Rect, on buffer: inout CellBuffer) {
        buffer.fillRow(area, y: area.y, CellStyle(.status))
        let phase = self.phase
        var spans = [Span(" \(phase.symbol) ", phase.role), Span(phase.text, phase.role)]
        for figure in figures where spans.width + TextMeasure.width(of: figure) + 2 <= area.width {
            spans.append(Span("  " + figure, .status))
        }
        buffer.write(spans, x: area.x, y: area.y, maxWidth: area.width)
    }

    private var phase: (symbol: String, text: String, role: ThemeRole) {
        let engine = state.engine
        if state.leaving != nil { return ("◌", "saving, then leaving", .statusPaused) }
        if let activity = engine.activity { return ("◌", activity + "…", .statusPaused) }
        switch engine.phase {
        case .idle: return ("○", "idle", .status)
        case .loading:
            let percent = engine.progress.map { " \(Int($0.fraction * 100))%" } ?? ""
            return ("◌", "loading" + percent, .statusPaused)
        case .ready: return ("○", "ready", .status)
        case .running: return ("●", "running", .statusRunning)
        case .paused: return ("‖", "paused", .statusPaused)
        case .finished: return ("■", "finished", .status)
        case .failed: return ("✗", "failed", .statusFailed)
        }
    }

    /// The most important first; what does not fit is left out.
    private var figures: [String] {
        var figures: [String] = []
        if let run = state.engine.run {
            figures.append("\(run.step)/\(run.total)")
            if let seconds = run.secondsPerStep { figures.append(Figures.speed(secondsPerStep: seconds)) }
            if let left = run.secondsLeft, state.engine.phase == .running {
                figures.append("left \(Figures.duration(left))")
            }
            if let report = run.report { figures.append("loss \(Figures.loss(report.loss))") }
        }
        if state.engine.run == nil, let costs = state.engine.model?.description.costs {
            figures.append(Figures.estimate(costs.estimate(state.settings.effective)))
        }
        if let model = state.engine.model?.description { figures.append(model.device) }
        if let report = state.engine.run?.report { figures.append(Figures.memory(report.residentBytes)) }
        if state.hasUnsavedSteps { figures.append("not saved") }
        if state.engine.run == nil, let model = state.engine.model?.description { figures.append(model.summary) }
        return figures
    }

    func drawFooter(in area: Rect, on buffer: inout CellBuffer) {
        buffer.fillRow(area, y: area.y, CellStyle(.footer))
        let spans = message(width: area.width) ?? keys(width: area.width)
        buffer.write(spans, x: area.x, y: area.y, maxWidth: area.width)
    }

    /// An error of the editor, a notice, or the help of what is edited; they take the place of the keys.
    private func message(width: Int) -> [Span]? {
        if state.overlay == nil, let problem = state.editor?.problem {
            return [Span(" ✗ ", .error), Span(problem.message, .error)]
        }
        if state.overlay == nil, let tokens = state.editor?.tokens, !tokens.cutOff.isEmpty {
            let text = " the model reads the first \(tokens.limit) tokens; the words marked here are cut off"
            return [Span(text, .warning)]
        }
        if let notice = state.notice {
            let text =
                notice.severity == .saved ? TextMeasure.fittedPath(notice.text, to: width - 1) : notice.text
            return [Span(" " + text, notice.severity.role)]
        }
        return nil
    }

    private func keys(width: Int) -> [Span] {
        let help = tail
        let room = width - help.width
        var spans: [Span] = []
        var shown: Set<Command> = []
        let ranked = keymap.bindings(in: state.context).filter { $0.footerRank != nil && $0.command != .help }
        for binding in ranked.sorted(by: { $0.footerRank ?? 0 < $1.footerRank ?? 0 }) {
            guard let chord = binding.chords.first, binding.command.reasonUnavailable(in: state) == nil,
                shown.insert(binding.command).inserted
            else { continue }
            let next = [
                Span(" \(chord.label)", .key), Span(" \(binding.command.footerTitle(binding, in: state)) ", .footer),
            ]
            guard (spans + next).width <= room else { continue }
            spans += next
        }
        return spans + help
    }

    /// What always has its place at the end of the footer.
    private var tail: [Span] {
        if let row = state.editor?.settingRow, state.overlay == nil { return [Span(" \(row.help)", .muted)] }
        guard state.overlay == nil, state.editor == nil, let label = keymap.label(of: .help) else { return [] }
        return [Span(" \(label)", .key), Span(" help ", .footer)]
    }
}
