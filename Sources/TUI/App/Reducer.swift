import EngineKit

/// Applies one event to the state. Pure: no clock, no random numbers, no files.
/// - Returns: what the event loop is to do, in order.
func reduce(_ state: inout AppState, _ action: Action, _ keymap: Keymap) -> [Effect] {
    var effects: [Effect]
    switch action {
    case .input(.key(let key)): effects = state.press(key, keymap)
    case .input(.paste(let text)): effects = state.paste(text, keymap)
    case .input(.mouse(let event)): effects = state.click(event)
    case .resize(let size):
        state.size = size
        effects = []
    case .signal(let signal): effects = state.receive(signal)
    case .engine(let event): effects = state.receive(event)
    case .frame(let frame):
        state.preview.frame = frame
        state.preview.serial += 1
        effects = []
    case .sent(let id, let request, let note):
        state.engine.pending.append(PendingCommand(id: id, request: request, note: note))
        effects = []
    case .previewRendered(let ticket, let picture):
        state.accept(picture, for: ticket)
        effects = []
    case .previewFailed(let ticket, let problem):
        state.acceptFailure(problem, of: ticket)
        effects = []
    case .themeLoaded(let name, let issues):
        state.themes.current = name
        state.tell("theme: \(name)")
        for issue in issues { state.log.add(issue, step: nil, .warning) }
        effects = []
    case .pathCandidates(let prefix, let candidates):
        state.complete(prefix, with: candidates)
        effects = []
    case .modelsListed(let models, let half):
        state.openModels(models, half)
        effects = []
    case .report(let text, let severity):
        state.log.add(text, step: state.engine.step, severity)
        effects = []
    case .launched:
        effects = [.send(.load(state.settings.models), note: nil)]
    }
    if let preview = state.wantedPreview() { effects.append(preview) }
    return effects
}

extension AppState {
    fileprivate mutating func receive(_ signal: TerminalSignal) -> [Effect] {
        switch signal {
        case .resized: []
        case .resumed: [.redraw]
        case .terminate: leave(because: .terminated)
        case .hangUp: leave(because: .hungUp)
        }
    }

    fileprivate mutating func press(_ key: KeyEvent, _ keymap: Keymap) -> [Effect] {
        notice = nil
        if case .question(let question) = overlay, case .character(let letter) = key.key, !key.isControl, !key.isAlt {
            return answer(question, letter)
        }
        if let command = keymap.command(for: key, in: context) { return perform(command, keymap) }
        if case .character(let character) = key.key, !key.isControl, !key.isAlt, context.takesText {
            return insert(String(character), keymap)
        }
        return []
    }

    fileprivate mutating func paste(_ text: String, _ keymap: Keymap) -> [Effect] {
        notice = nil
        if context.takesText { return insert(text, keymap) }
        guard overlay == nil, editor == nil else { return [] }
        // Text pasted into the workbench can only be meant as a prompt.
        openNewPrompt()
        return insert(text, keymap)
    }

    /// Types text into whatever line has the cursor.
    private mutating func insert(_ text: String, _ keymap: Keymap) -> [Effect] {
        changeLine { $0.insert(text) }
        return []
    }

    /// Changes the line that has the cursor and everything that hangs on it.
    mutating func changeLine(_ change: (inout TextLine) -> Void) {
        switch overlay {
        case .palette(var palette):
            change(&palette.line)
            palette.selection = 0
            overlay = .palette(palette)
        case .path(var entry):
            change(&entry.line)
            (entry.candidates, entry.candidate) = ([], nil)
            overlay = .path(entry)
        case .help, .question, .models: break
        case nil:
            guard var changed = editor else { return }
            change(&changed.line)
            editor = checked(changed)
        }
    }

    /// Says something on the last line until the next key.
    mutating func tell(_ text: String, _ severity: EventLog.Severity = .info) {
        notice = Notice(text: text, severity: severity)
    }
}
