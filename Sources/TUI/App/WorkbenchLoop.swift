import EngineKit
import Preview

/// The themes that can be chosen, and how one is loaded.
@MainActor struct ThemeSource {
    var names: [String]
    /// The theme of that name, or a usable other one, and what is wrong with it, one line each.
    var load: (String) -> (theme: Theme, issues: [String])
}

/// The workbench's main loop: wait, take what has arrived, reduce, act, draw once.
@MainActor final class WorkbenchLoop {
    /// At most about 30 screens a second for what the engine reports. Keys are drawn at once.
    private static let drawingInterval = Duration.milliseconds(33)
    /// How long a signal to end may wait for the step in progress and its checkpoint.
    private static let leavingLimit = Duration.seconds(20)

    /// Where frames take from the steps, the time until the next one is wanted, as a multiple of a preview's: about a
    /// fiftieth of one core then goes into rendering and drawing them.
    private static let restPerPreview = 60.0
    private static let longestFrameRest = Duration.seconds(1)

    private(set) var state: AppState
    private let engine: any Engine
    private let terminal: any Terminal
    private let keymap: Keymap
    private let themes: ThemeSource
    private let listModels: () -> [ModelSummary]
    private let previews: PreviewWorker
    private var theme: Theme
    private var exit: ExitReason?
    private var needsDrawing = true
    /// Something was typed, so the screen does not wait for its turn.
    private var isUrgent = true
    private var canDraw = true
    private var lastDrawn: ContinuousClock.Instant?
    private var leavingSince: ContinuousClock.Instant?

    init(
        state: AppState,
        engine: any Engine,
        terminal: any Terminal,
        keymap: Keymap,
        themes: ThemeSource,
        listModels: @escaping () -> [ModelSummary] = { [] },
        render: @escaping PictureRenderer
    ) {
        self.state = state
        self.engine = engine
        self.terminal = terminal
        self.keymap = keymap
        self.themes = themes
        self.listModels = listModels
        previews = PreviewWorker(render)
        let (theme, issues) = themes.load(state.themes.current)
        self.theme = theme
        self.state.themes.current = theme.name
        for issue in keymap.issues + issues { handle(.report(issue, .warning)) }
    }

    /// Runs until the user leaves or a signal ends the program.
    func run() -> ExitReason {
        handle(.resize(terminal.size))
        // The first screen before the first command: what loads the models has all cores to itself afterwards.
        drawIfDue()
        handle(.launched)
        isUrgent = true
        while true {
            drawIfDue()
            if let exit { return exit }
            let wakeup = terminal.wait(
                on: [engine.outbox.doorbell, previews.descriptor],
                timeoutMilliseconds: timeout()
            )
            // Input first: a key is felt even while the engine floods the loop with reports.
            if wakeup.hasInput {
                for event in terminal.readInput() where exit == nil { handle(.input(event)) }
                isUrgent = true
            }
            for signal in wakeup.signals where exit == nil { receive(signal) }
            receiveFromEngine()
            receivePreview()
            watchLeaving()
        }
    }

    private func receive(_ signal: TerminalSignal) {
        switch signal {
        case .resized, .resumed:
            handle(.resize(terminal.size))
            isUrgent = true
        case .hangUp: canDraw = false
        case .terminate: break
        }
        handle(.signal(signal))
    }

    private func receiveFromEngine() {
        let (events, frame) = engine.outbox.drain()
        for event in events where exit == nil {
            handle(.engine(event))
        }
        guard let frame, exit == nil else { return }
        // Until its preview is there, or for good where pictures are off, the next one can wait.
        if state.showingCostsSteps { engine.outbox.restFrames(for: Self.longestFrameRest) }
        handle(.frame(frame))
    }

    private func receivePreview() {
        guard let (answer, seconds) = previews.takeAnswer() else { return }
        // After an earlier frame's preview the next one is still being rendered.
        if state.showingCostsSteps, answer.ticket == state.preview.requested {
            engine.outbox.restFrames(for: min(Self.longestFrameRest, .seconds(seconds * Self.restPerPreview)))
        }
        switch answer {
        case .rendered(let ticket, let picture): handle(.previewRendered(ticket, picture))
        case .failed(let ticket, let problem): handle(.previewFailed(ticket, problem))
        }
    }

    private func handle(_ action: Action) {
        needsDrawing = true
        for effect in reduce(&state, action, keymap) { perform(effect) }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .send(let request, let note):
            let id = engine.send(request.command)
            handle(.sent(id, request, note: note))
        case .cancelLoading: engine.cancelLoading()
        case .renderPreview(let ticket, let frame): previews.request(ticket, frame)
        case .loadTheme(let name):
            let (theme, issues) = themes.load(name)
            self.theme = theme
            handle(.themeLoaded(name: name, issues: issues))
        case .completePath(let prefix):
            handle(.pathCandidates(prefix: prefix, PathCompletion.candidates(for: prefix)))
        case .listModels(let half): handle(.modelsListed(listModels(), half))
        case .redraw: terminal.invalidate()
        case .suspend:
            terminal.suspend()
            terminal.invalidate()
            handle(.resize(terminal.size))
        case .quit(let reason): if exit == nil { exit = reason }
        }
    }

    /// A last resort for a signal to end while the engine does not answer; the user's own wish to save has no limit.
    private func watchLeaving() {
        guard let leaving = state.leaving, leaving.reason != .quit, exit == nil else { return }
        let now = ContinuousClock.now
        let since = leavingSince ?? now
        leavingSince = since
        if now - since > Self.leavingLimit { exit = leaving.reason }
    }

    private func drawIfDue() {
        guard needsDrawing, canDraw, exit == nil, isUrgent || untilDue <= .zero else { return }
        terminal.present(rootView(state, size: terminal.size, keymap: keymap), theme: theme)
        lastDrawn = .now
        (needsDrawing, isUrgent) = (false, false)
    }

    private var untilDue: Duration {
        lastDrawn.map { Self.drawingInterval - ($0.duration(to: .now)) } ?? .zero
    }

    private func timeout() -> Int? {
        if needsDrawing, canDraw {
            let (seconds, attoseconds) = max(.zero, untilDue).components
            return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000) + 1
        }
        return state.leaving == nil ? nil : 1000
    }
}
