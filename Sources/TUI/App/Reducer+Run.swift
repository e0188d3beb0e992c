import EngineKit

extension AppState {
    static let emptyPromptsAdvice = "no prompt yet: press a and write what you want to see"

    mutating func control(_ command: Command) -> [Effect] {
        switch command {
        case .toggleRun: return toggleRun()
        case .stop: return [.send(.stop, note: nil)]
        case .stepOnce: return [.send(.stepOnce, note: nil)]
        case .restart: return restart()
        case .savePicture: return [.send(.savePicture, note: nil)]
        case .saveCheckpoint: return [.send(.saveCheckpoint, note: nil)]
        case .loadModel: return [.send(.load(settings.models), note: nil)]
        case .cancelLoading:
            engine.startsWhenLoaded = false
            engine.isLoadCancelled = true
            return [.cancelLoading]
        default: return []
        }
    }

    private mutating func toggleRun() -> [Effect] {
        if engine.isLoading {
            engine.startsWhenLoaded.toggle()
            tell(engine.startsWhenLoaded ? "starts as soon as the model is loaded" : "waits after the model is loaded")
            return []
        }
        switch engine.intendedPhase {
        case .idle, .loading: return loadAndStart()
        case .failed: return engine.model == nil ? loadAndStart() : start()
        case .ready: return start()
        case .running: return [.send(.pause, note: nil)]
        case .paused, .finished: return [.send(.resume, note: nil)]
        }
    }

    private mutating func loadAndStart() -> [Effect] {
        engine.startsWhenLoaded = !prompts.isEmpty
        return [.send(.load(settings.models), note: nil)]
    }

    /// Starts a run with what the panes show.
    mutating func start() -> [Effect] {
        guard !prompts.isEmpty else {
            tell(Self.emptyPromptsAdvice, .warning)
            return []
        }
        return [.send(.start(prompts.entries, settings.effective), note: nil)]
    }

    private mutating func restart() -> [Effect] {
        // A seed that the user has just chosen for the next run is not skipped.
        if let run = engine.run, run.settings.seed == settings.effective.seed {
            // Any whole number is a seed.
            try? settings.set(.seed, to: String(run.settings.seed &+ 1))
        }
        return start()
    }

    mutating func answer(_ question: Question, _ letter: Character) -> [Effect] {
        guard let choice = question.choices.first(where: { $0.key == Character(letter.lowercased()) }) else {
            return []
        }
        overlay = nil
        switch choice.answer {
        case .nothing: return []
        case .startNewRun: return start()
        case .loadModels: return [.send(.load(settings.models), note: nil)]
        case .quit: return [.quit(.quit)]
        case .saveAndQuit:
            leaving = Leaving(reason: .quit, awaits: .savePicture)
            return [.send(.savePicture, note: nil)]
        }
    }

    mutating func quit() -> [Effect] {
        guard leaving == nil, hasUnsavedSteps, let run = engine.run else { return [.quit(leaving?.reason ?? .quit)] }
        let unsaved = run.step - run.savedStep
        overlay = .question(
            Question(
                title: "Leave",
                message: unsaved == run.step
                    ? "The picture of step \(run.step) is not saved."
                    : "The last \(unsaved) of \(run.step) steps are not saved.",
                choices: [
                    Question.Choice(key: "s", title: "save picture and leave", answer: .saveAndQuit),
                    Question.Choice(key: "y", title: "leave without", answer: .quit),
                    Question.Choice(key: "n", title: "stay", answer: .nothing),
                ]
            )
        )
        return []
    }

    mutating func interrupt() -> [Effect] {
        if case .question(let question) = overlay, question.choices.contains(where: { $0.answer == .quit }) {
            return [.quit(.quit)]
        }
        return quit()
    }

    /// Ends in good order without asking: the state of an unsaved run is written first.
    mutating func leave(because reason: ExitReason) -> [Effect] {
        guard leaving == nil, hasUnsavedSteps else { return [.quit(reason)] }
        leaving = Leaving(reason: reason, awaits: .saveCheckpoint)
        return [.send(.saveCheckpoint, note: nil)]
    }
}
