import EngineKit

extension AppState {
    mutating func openSetting() {
        let row = settings.selectedRow
        let line = TextLine(settings.text(of: row))
        editor = Editor(target: .setting(row), line: line, choices: row.choices)
    }

    mutating func acceptEditor() -> [Effect] {
        guard let edited = editor else { return [] }
        guard let row = edited.settingRow else { return acceptPrompt(edited) }
        return acceptSetting(row, edited.line.text)
    }

    private mutating func acceptSetting(_ row: SettingRow, _ text: String) -> [Effect] {
        switch row {
        case .vqgan, .clip: return acceptModel(row, text)
        case .key(let key):
            let before = settings.effective
            do throws(SettingError) {
                try settings.set(key, to: text)
            } catch {
                editor?.problem = Editor.Problem(message: error.message, column: nil)
                return []
            }
            editor = nil
            guard settings.effective != before else { return [] }
            return settingChanged(key, asks: true)
        }
    }

    private mutating func acceptModel(_ row: SettingRow, _ text: String) -> [Effect] {
        let name = text.split(separator: " ").joined(separator: " ")
        guard !name.isEmpty else {
            editor?.problem = Editor.Problem(
                message: "write a model's name, folder or file, such as built-in",
                column: nil
            )
            return []
        }
        if row == .clip {
            do throws(EngineFailure) {
                _ = try CLIPChoice.parse(name)
            } catch {
                editor?.problem = Editor.Problem(message: error.description, column: nil)
                return []
            }
        }
        editor = nil
        guard name != settings.text(of: row) else { return [] }
        var choice = settings.models
        if row == .vqgan { choice.vqgan = name } else { choice.clip = name }
        return use(choice, named: name)
    }

    /// Goes through the values of the selected setting, in its editor or in place.
    mutating func choose(_ offset: Int) -> [Effect] {
        if var edited = editor, let choices = edited.choices {
            edited.line.replace(with: Self.neighbour(of: edited.line.text, in: choices, offset))
            editor = edited
            return []
        }
        guard case .key(let key) = settings.selectedRow else { return listModels() }
        guard let choices = key.choices else { return [] }
        let value = Self.neighbour(of: settings.effective.value(of: key), in: choices, offset)
        // The value comes from the setting's own list.
        try? settings.set(key, to: value)
        return settingChanged(key, asks: false)
    }

    private static func neighbour(of value: String, in choices: [String], _ offset: Int) -> String {
        guard !choices.isEmpty else { return value }
        let index = choices.firstIndex(of: value) ?? 0
        return choices[(index + offset + choices.count) % choices.count]
    }

    mutating func resetSetting() -> [Effect] {
        guard case .key(let key) = settings.selectedRow else { return [] }
        let before = settings.effective
        settings.reset(key)
        guard settings.effective != before else { return [] }
        return settingChanged(key, asks: false)
    }

    /// Tells the run, or says that a new one is needed.
    private mutating func settingChanged(_ key: SettingKey, asks: Bool) -> [Effect] {
        guard let run = engine.run else { return [] }
        if key.isLive {
            guard canEditRun else { return [] }
            let wanted = settings.liveSettings(over: run.settings)
            return [.send(.setSettings(wanted), note: "\(key.title) \(wanted.value(of: key))")]
        }
        let value = settings.effective.value(of: key)
        guard value != run.settings.value(of: key) else { return [] }
        guard asks else {
            tell("\(key.title) \(value) takes effect in a new run")
            return []
        }
        ask(
            "Takes effect in a new run",
            "\(key.title) \(value) needs a new run\(unsavedClause). Start one now?",
            yes: .startNewRun
        )
        return []
    }

    var unsavedClause: String {
        guard hasUnsavedSteps, let run = engine.run else { return "" }
        return run.savedStep == 0 ? "; the picture is not saved" : "; steps after \(run.savedStep) are not saved"
    }

    mutating func ask(_ title: String, _ message: String, yes answer: Question.Answer) {
        overlay = .question(
            Question(
                title: title,
                message: message,
                choices: [
                    Question.Choice(key: "y", title: "yes", answer: answer),
                    Question.Choice(key: "n", title: "no", answer: .nothing),
                ]
            )
        )
    }
}
