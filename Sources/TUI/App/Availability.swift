import EngineKit

extension Command {
    /// Why the command can do nothing at the moment and what would help, or `nil` when it can.
    func reasonUnavailable(in state: AppState) -> String? {
        let run = state.engine.run
        switch self {
        case .toggleRun:
            guard !state.engine.isLoading, state.engine.intendedPhase == .finished, let run, run.step >= run.total
            else {
                return nil
            }
            return "all \(run.total) steps are made: raise steps in the settings, or press r for a new run"
        case .stop:
            return [.running, .paused].contains(state.engine.intendedPhase) ? nil : "nothing is running"
        case .stepOnce: return Self.reasonAgainstStep(state)
        case .restart:
            if state.engine.model == nil { return "no model is loaded yet" }
            return state.prompts.isEmpty ? AppState.emptyPromptsAdvice : nil
        case .savePicture, .saveCheckpoint:
            return run == nil && !state.engine.isBeginningRun ? "there is nothing to save yet: space starts a run" : nil
        case .cancelLoading: return state.engine.isLoading ? nil : "no model is being loaded"
        case .loadModel, .models: return state.engine.isLoading ? "a model is being loaded" : nil
        case .deletePrompt, .weightUp, .weightDown, .mute, .solo:
            return state.prompts.isEmpty ? AppState.emptyPromptsAdvice : nil
        case .movePromptUp: return state.prompts.selection == 0 ? "this is the first prompt" : nil
        case .movePromptDown:
            return state.prompts.selection + 1 >= state.prompts.entries.count ? "this is the last prompt" : nil
        case .undo: return state.prompts.canUndo ? nil : "there is nothing to take back"
        case .resetSetting, .choosePrevious, .chooseNext: return reasonAgainstSetting(state)
        case .cycleTheme: return state.themes.names.count > 1 ? nil : "there is only one theme"
        case .cyclePreview: return state.preview.modes.count > 1 ? nil : "there is only one way to show the picture"
        case .loadCheckpoint, .addPrompt, .edit, .selectPrevious, .selectNext, .selectFirst, .selectLast, .pageUp,
            .pageDown, .nextPane, .previousPane, .zoom, .palette, .help, .quit, .interrupt, .suspend, .redraw, .accept,
            .cancel, .complete, .previousMatch, .nextMatch, .cursorLeft, .cursorRight, .wordLeft, .wordRight,
            .lineStart, .lineEnd, .deleteBefore, .deleteAfter, .deleteWordBefore, .deleteWordAfter, .deleteToStart,
            .deleteToEnd, .yank:
            return nil
        }
    }

    private static func reasonAgainstStep(_ state: AppState) -> String? {
        guard let run = state.engine.run else { return "there is no run yet: space starts one" }
        switch state.engine.intendedPhase {
        case .running: return "pause with space first, then step"
        case .paused, .finished:
            return run.step < run.total ? nil : "all \(run.total) steps are made: raise steps in the settings"
        case .idle, .loading, .ready, .failed: return "there is no run yet: space starts one"
        }
    }

    private func reasonAgainstSetting(_ state: AppState) -> String? {
        guard state.editor == nil else { return nil }
        guard case .key(let key) = state.settings.selectedRow else {
            return self == .resetSetting ? "press ⏎ to write another model, → to choose one" : nil
        }
        if self == .resetSetting { return state.settings.own[key] == nil ? "this is not your own value" : nil }
        return key.choices == nil ? "press ⏎ to edit \(key.title)" : nil
    }

    /// The footer's word for the command in the present state.
    func footerTitle(_ binding: Binding, in state: AppState) -> String {
        guard self == .toggleRun else { return binding.title }
        if state.engine.isLoading { return state.engine.startsWhenLoaded ? "wait" : "start" }
        switch state.engine.intendedPhase {
        case .running: return "pause"
        case .paused, .finished: return "resume"
        case .idle, .loading, .ready, .failed: return "start"
        }
    }
}
