import EngineKit

extension AppState {
    mutating func receive(_ event: EngineEvent) -> [Effect] {
        switch event {
        case .phase(let phase): enter(phase)
        case .loading(let progress): engine.progress = progress
        case .loaded(let description): return loaded(description)
        case .started(let description): started(description)
        case .step(let report):
            guard engine.run != nil else { return [] }
            engine.run?.add(report)
            history.append(report, entries: engine.run?.entries ?? [])
        case .acknowledged(let acknowledgement): return acknowledged(acknowledgement)
        case .saved(let file):
            engine.savedFiles.append(file)
            engine.run?.savedStep = file.step
        case .note(let text): log.add(text, step: engine.step)
        case .failed(let failure): failed(failure)
        }
        return []
    }

    private mutating func enter(_ phase: EnginePhase) {
        engine.phase = phase
        switch phase {
        case .loading: break
        case .idle, .ready, .failed: engine.progress = nil
        case .running, .paused: break
        case .finished:
            guard let run = engine.run, run.step >= run.total else { return }
            log.add("all \(run.total) steps are made", step: run.step)
        }
    }

    private mutating func loaded(_ description: ModelDescription) -> [Effect] {
        // A failed load leaves the old model and its run, so they go only now.
        engine.run = nil
        engine.model = LoadedModel(description: description)
        engine.progress = nil
        engine.isLoadCancelled = false
        settings.models = description.choice
        settings.recommend(description.recommended)
        if let open = editor { editor = checked(open) }
        guard engine.startsWhenLoaded else { return [] }
        engine.startsWhenLoaded = false
        return start()
    }

    private mutating func started(_ description: RunDescription) {
        var entries = prompts.entries
        switch engine.pending.first?.request {
        case .start(let requested, _):
            entries = requested
        case .loadCheckpoint:
            prompts.adopt(description.prompts)
            entries = prompts.entries
            editor = nil
            settings.adopt(description.settings)
        default: break
        }
        // The size may have been rounded; that is no wish of the user for another run.
        if case .start(_, let asked)? = engine.pending.first?.request {
            for key in description.settings.differences(from: asked)
            where settings.effective.value(of: key) == asked.value(of: key) {
                try? settings.set(key, to: description.settings.value(of: key))
            }
        }
        history = LossHistory()
        engine.run = RunState(
            settings: description.settings,
            entries: entries,
            folder: description.folder,
            step: description.step,
            savedStep: description.step
        )
        for note in description.notes { log.add(note, step: description.step, .warning) }
    }

    private mutating func acknowledged(_ acknowledgement: Acknowledgement) -> [Effect] {
        let index = engine.pending.firstIndex { $0.id == acknowledgement.command }
        let pending = index.map { engine.pending.remove(at: $0) }
        switch acknowledgement.outcome {
        case .applied(let text):
            engine.lastRefusal = nil
            return applied(pending, text, acknowledgement.step)
        case .refused(let reason):
            engine.lastRefusal = reason
            return refused(pending?.request, reason)
        }
    }

    private mutating func applied(_ pending: PendingCommand?, _ text: String, _ step: Int) -> [Effect] {
        let line = pending?.note ?? text
        switch pending?.request {
        case .setPrompts(let entries):
            engine.run?.entries = entries
            mark(step)
            log.add(line, step: step, .change)
        case .setSettings(let settings):
            engine.run?.settings = settings
            mark(step)
            log.add(line, step: step, .change)
        case .start, .loadCheckpoint:
            let seed = engine.run.map {
                ", \($0.settings.size.width)×\($0.settings.size.height), seed \($0.settings.seed)"
            }
            log.add(line + (seed ?? ""), step: step)
            return catchUp()
        case .savePicture, .saveCheckpoint:
            log.add(line, step: step, .saved)
            tell(line, .saved)
        case .load: log.add(line, step: nil)
        case .stepOnce: break
        case .pause, .resume, .stop, nil: log.add(line, step: step)
        }
        if let leaving, leaving.awaits == pending?.request { return [.quit(leaving.reason)] }
        return []
    }

    private mutating func refused(_ request: EngineRequest?, _ reason: String) -> [Effect] {
        if case .load = request, engine.isLoadCancelled {
            engine.isLoadCancelled = false
            log.add(reason, step: nil)
            return []
        }
        log.add(reason, step: engine.step, .error)
        tell(reason, .error)
        guard let leaving, leaving.awaits == request else { return [] }
        guard leaving.reason == .quit else { return [.quit(leaving.reason)] }
        self.leaving = nil
        return []
    }

    private mutating func failed(_ failure: EngineFailure) {
        defer { engine.lastRefusal = nil }
        guard failure.description != engine.lastRefusal else { return }
        log.add(failure.description, step: engine.step, .error)
        tell(failure.description, .error)
    }

    private mutating func mark(_ step: Int) {
        guard let run = engine.run, run.marks.last != step else { return }
        engine.run?.marks.append(step)
    }

    /// Sends what was edited while the run was being started.
    private func catchUp() -> [Effect] {
        guard let run = engine.run, canEditRun else { return [] }
        var effects: [Effect] = []
        if prompts.entries != run.entries, !prompts.isEmpty {
            effects.append(.send(.setPrompts(prompts.entries), note: "prompts changed"))
        }
        let wanted = settings.liveSettings(over: run.settings)
        if wanted != run.settings { effects.append(.send(.setSettings(wanted), note: nil)) }
        return effects
    }
}
