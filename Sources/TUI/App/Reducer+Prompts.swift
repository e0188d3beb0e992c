import EngineKit

extension AppState {
    private static let weightStep = 0.1

    mutating func openNewPrompt() {
        focus = .prompts
        editor = checked(Editor(target: .newPrompt, line: TextLine()))
    }

    mutating func openPrompt() {
        guard prompts.entries.indices.contains(prompts.selection) else { return }
        let entry = prompts.entries[prompts.selection]
        let line = TextLine(PromptNotation.editable(entry.prompt))
        editor = checked(Editor(target: .prompt(id: entry.id), line: line))
    }

    /// The editor with its token count, and with its problem looked at again if it had one.
    func checked(_ editor: Editor) -> Editor {
        var editor = editor
        guard editor.isPrompt else {
            editor.problem = nil
            return editor
        }
        editor.tokens = engine.model.map { TokenStatus(editor.line, $0.description.tokens) }
        if editor.problem != nil { editor.problem = Self.problem(in: editor.line) }
        return editor
    }

    private static func problem(in line: TextLine) -> Editor.Problem? {
        do throws(PromptSyntaxError) {
            _ = try PromptParser.prompts(from: line.text)
            return nil
        } catch {
            return Editor.Problem(message: error.message, column: error.column)
        }
    }

    /// Takes the prompt that was written, or shows what is wrong with it.
    mutating func acceptPrompt(_ edited: Editor) -> [Effect] {
        if edited.target == .newPrompt, edited.line.text.allSatisfy(\.isWhitespace) {
            editor = nil
            return []
        }
        guard let written = try? PromptParser.prompts(from: edited.line.text) else {
            editor?.problem = Self.problem(in: edited.line)
            return []
        }
        editor = nil
        switch edited.target {
        case .newPrompt: return add(written)
        case .prompt(let id): return reword(id, written)
        case .setting: return []
        }
    }

    private mutating func add(_ written: [Prompt]) -> [Effect] {
        let index = prompts.isEmpty ? 0 : prompts.entries.count
        prompts.insert(written, at: index)
        let numbers = written.count == 1 ? "prompt \(index + 1)" : "prompts \(index + 1) to \(index + written.count)"
        return promptsChanged("\(numbers) added")
    }

    private mutating func reword(_ id: Int, _ written: [Prompt]) -> [Effect] {
        guard let index = prompts.entries.firstIndex(where: { $0.id == id }), var first = written.first else {
            return []
        }
        let old = prompts.entries[index].prompt
        first.isMuted = old.isMuted
        first.isSolo = old.isSolo
        guard first != old || written.count > 1 else { return [] }
        prompts.replace(at: index, with: [first] + written.dropFirst())
        var note = "prompt \(index + 1) "
        if first.content != old.content {
            note += "reworded"
        } else if first.weight != old.weight {
            note += "weight \(PromptParser.number(first.weight))"
        } else {
            note += first.stop.map { "stop \(PromptParser.number($0))" } ?? "without stop"
        }
        if written.count > 1 { note += ", \(written.count - 1) added" }
        return promptsChanged(note)
    }

    mutating func changePrompts(_ command: Command) -> [Effect] {
        let index = prompts.selection
        let number = index + 1
        switch command {
        case .addPrompt:
            openNewPrompt()
            return []
        case .deletePrompt:
            prompts.remove(at: index)
            if prompts.isEmpty, engine.run != nil {
                tell("the run keeps its last prompt until there is another; u takes it back")
                return []
            }
            return promptsChanged("prompt \(number) deleted")
        case .undo:
            prompts.undo()
            return promptsChanged("prompts as before")
        case .movePromptUp, .movePromptDown:
            let offset = command == .movePromptUp ? -1 : 1
            guard prompts.moveSelected(by: offset) else { return [] }
            return promptsChanged("prompt \(number) moved to \(number + offset)")
        case .weightUp: return changeWeight(by: Self.weightStep)
        case .weightDown: return changeWeight(by: -Self.weightStep)
        case .mute:
            prompts.update(at: index) { $0.isMuted.toggle() }
            return promptsChanged("prompt \(number) \(prompts.selected?.isMuted == true ? "muted" : "speaks again")")
        case .solo:
            prompts.update(at: index) { $0.isSolo.toggle() }
            return promptsChanged("prompt \(number) \(prompts.selected?.isSolo == true ? "solo" : "no longer solo")")
        default: return []
        }
    }

    private mutating func changeWeight(by step: Double) -> [Effect] {
        // Rounded to thousandths, so that ten steps of 0.1 make exactly 1.
        prompts.update(at: prompts.selection) { $0.weight = (($0.weight + step) * 1000).rounded() / 1000 }
        let weight = PromptParser.number(prompts.selected?.weight ?? 0)
        return promptsChanged("prompt \(prompts.selection + 1) weight \(weight)")
    }

    /// Sends the prompts to the run, if there is one to hear them.
    mutating func promptsChanged(_ note: String) -> [Effect] {
        guard canEditRun, !prompts.isEmpty else { return [] }
        // Of a run that has made all its steps the change would go unseen.
        if let advice = Command.toggleRun.reasonUnavailable(in: self) { tell(advice) }
        return [.send(.setPrompts(prompts.entries), note: note)]
    }
}
