import EngineKit

extension AppState {
    private static let page = 8

    /// Carries out a command, or says why it cannot be.
    mutating func perform(_ command: Command, _ keymap: Keymap) -> [Effect] {
        if let reason = command.reasonUnavailable(in: self) {
            tell(reason, .warning)
            return []
        }
        switch command {
        case .toggleRun, .stop, .stepOnce, .restart, .savePicture, .saveCheckpoint, .loadModel, .cancelLoading:
            return control(command)
        case .addPrompt, .deletePrompt, .undo, .movePromptUp, .movePromptDown, .weightUp, .weightDown, .mute, .solo:
            focus = .prompts
            return changePrompts(command)
        case .edit: return edit()
        case .choosePrevious: return choose(-1)
        case .chooseNext: return choose(1)
        case .resetSetting: return resetSetting()
        case .selectPrevious, .selectNext, .selectFirst, .selectLast, .pageUp, .pageDown:
            scroll(command, keymap)
            return []
        case .models: return listModels()
        case .nextPane, .previousPane, .zoom, .cycleTheme, .cyclePreview, .palette, .help, .loadCheckpoint, .complete,
            .previousMatch, .nextMatch:
            return arrange(command, keymap)
        case .quit: return quit()
        case .interrupt: return interrupt()
        case .suspend: return [.suspend]
        case .redraw: return [.redraw]
        case .accept: return accept(keymap)
        case .cancel: return cancel()
        case .cursorLeft, .cursorRight, .wordLeft, .wordRight, .lineStart, .lineEnd, .deleteBefore, .deleteAfter,
            .deleteWordBefore, .deleteWordAfter, .deleteToStart, .deleteToEnd, .yank:
            changeLine { _ = $0.apply(command) }
            return []
        }
    }

    private mutating func arrange(_ command: Command, _ keymap: Keymap) -> [Effect] {
        switch command {
        case .nextPane: focus = focus.next(1)
        case .previousPane: focus = focus.next(-1)
        case .zoom: isZoomed.toggle()
        case .cycleTheme: return themes.next.map { [.loadTheme($0)] } ?? []
        case .cyclePreview: cyclePreview()
        case .palette: overlay = .palette(Palette(origin: focus))
        case .help: overlay = .help(firstLine: 0)
        case .loadCheckpoint: return openPath()
        case .complete: return completePath()
        case .previousMatch: movePaletteSelection(-1, keymap)
        case .nextMatch: movePaletteSelection(1, keymap)
        default: break
        }
        return []
    }

    private mutating func edit() -> [Effect] {
        switch focus {
        case .settings: openSetting()
        case .prompts, .loss, .log, .picture:
            focus = .prompts
            if prompts.isEmpty { openNewPrompt() } else { openPrompt() }
        }
        return []
    }

    private mutating func accept(_ keymap: Keymap) -> [Effect] {
        switch overlay {
        case .palette(let palette): return runSelected(of: palette, keymap)
        case .path(let entry): return loadCheckpoint(at: entry.line.text)
        case .models(let list): return acceptModel(of: list)
        case .help, .question: return []
        case nil: return acceptEditor()
        }
    }

    private mutating func cancel() -> [Effect] {
        if overlay != nil { overlay = nil } else { editor = nil }
        return []
    }

    private mutating func scroll(_ command: Command, _ keymap: Keymap) {
        if case .help(let line) = overlay {
            overlay = .help(firstLine: max(0, Self.moved(line, command, last: HelpView(keymap: keymap).lastLine(size))))
            return
        }
        if case .models(var list) = overlay {
            list.selection = max(0, Self.moved(list.selection, command, last: list.models.count - 1))
            overlay = .models(list)
            return
        }
        switch focus {
        case .prompts: prompts.select(Self.moved(prompts.selection, command, last: prompts.entries.count - 1))
        case .settings: settings.select(Self.moved(settings.selection, command, last: SettingRow.all.count - 1))
        case .log:
            let newest = max(0, log.entries.count - 1)
            log.scroll(by: newest - Self.moved(newest - log.scrolledBack, command, last: newest) - log.scrolledBack)
        case .loss, .picture: break
        }
    }

    private static func moved(_ line: Int, _ command: Command, last: Int) -> Int {
        switch command {
        case .selectPrevious: line - 1
        case .selectNext: min(last, line + 1)
        case .selectFirst: 0
        case .selectLast: last
        case .pageUp: line - page
        case .pageDown: min(last, line + page)
        default: line
        }
    }
}

// MARK: - Palette and paths

extension AppState {
    private mutating func movePaletteSelection(_ offset: Int, _ keymap: Keymap) {
        guard case .palette(var palette) = overlay else { return }
        let count = palette.matches(keymap).count
        guard count > 0 else { return }
        palette.selection = (palette.selection + offset + count) % count
        overlay = .palette(palette)
    }

    private mutating func runSelected(of palette: Palette, _ keymap: Keymap) -> [Effect] {
        let matches = palette.matches(keymap)
        guard matches.indices.contains(palette.selection) else {
            tell("no command has this name; esc closes the list", .warning)
            return []
        }
        overlay = nil
        let binding = matches[palette.selection]
        let panes = Pane.allCases.filter { binding.contexts.contains($0.context) }
        if !panes.isEmpty, !panes.contains(focus), let first = panes.first { focus = first }
        return perform(binding.command, keymap)
    }

    private mutating func openPath() -> [Effect] {
        let known = engine.savedFiles.last { $0.kind == .checkpoint }?.path
        let start = known ?? engine.run.map { $0.folder + "/" } ?? runsFolder
        overlay = .path(PathEntry(title: "Continue from a checkpoint", line: TextLine(start)))
        return []
    }

    private mutating func completePath() -> [Effect] {
        guard case .path(var entry) = overlay else { return [] }
        guard let candidate = entry.candidate, !entry.candidates.isEmpty else {
            return [.completePath(entry.line.text)]
        }
        let next = (candidate + 1) % entry.candidates.count
        entry.candidate = next
        entry.line.replace(with: entry.candidates[next])
        overlay = .path(entry)
        return []
    }

    mutating func complete(_ prefix: String, with candidates: [String]) {
        guard case .path(var entry) = overlay, entry.line.text == prefix else { return }
        guard let first = candidates.first else {
            tell("nothing there begins like this", .warning)
            return
        }
        entry.line.replace(with: first)
        (entry.candidates, entry.candidate) = candidates.count > 1 ? (candidates, 0) : ([], nil)
        overlay = .path(entry)
    }

    private mutating func loadCheckpoint(at path: String) -> [Effect] {
        guard !path.isEmpty else {
            tell("write the path of a checkpoint; esc leaves", .warning)
            return []
        }
        overlay = nil
        return [.send(.loadCheckpoint(path: path), note: nil)]
    }
}
