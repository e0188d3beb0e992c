import EngineKit
import Preview
import Testing

@testable import TUI

/// A small generator with a fixed sequence, so that failures repeat.
private struct Sequence64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

@Suite("Invariants") struct AppInvariantTests {
    private static let phases: [EnginePhase] = [.idle, .loading, .ready, .running, .paused, .finished, .failed]

    @Test(arguments: phases) func everyCommandDoesSomethingSaneInEveryPhase(_ phase: EnginePhase) {
        for command in Command.allCases {
            for hasRun in [false, true] {
                var app = AppFixture(["a", "b"])
                if hasRun { app.run(steps: 2) } else { app.load() }
                app.act(.engine(.phase(phase)))
                let reason = command.reasonUnavailable(in: app.state)
                let effects = app.state.perform(command, app.keymap)
                if let reason {
                    #expect(effects.isEmpty)
                    #expect(app.state.notice?.text == reason)
                }
                check(app.state)
            }
        }
    }

    @Test(arguments: 0..<12) func randomActionsKeepTheInvariants(_ seed: UInt64) {
        var random = Sequence64(state: seed)
        var app = AppFixture(seed % 3 == 0 ? [] : ["a", "b:0.5", "c"], starts: seed.isMultiple(of: 2))
        app.act(.launched)
        for count in 0..<400 {
            app.act(action(&random, &app))
            app.effects = []
            check(app.state)
            if count.isMultiple(of: 40) { _ = app.screen }
        }
    }

    private func action(_ random: inout Sequence64, _ app: inout AppFixture) -> Action {
        let keys = Binding.standard.flatMap(\.chords)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<11: return .input(.key(keys.randomElement(using: &random) ?? KeyEvent(.escape)))
        case 11: return .input(.key(KeyEvent(.character("y"))))
        case 12: return .input(.paste("p | [q"))
        case 13:
            return .resize(
                Size(columns: .random(in: 1...200, using: &random), rows: .random(in: 1...70, using: &random))
            )
        case 14: return .engine(.phase(Self.phases.randomElement(using: &random) ?? .idle))
        case 15: return .engine(.started(app.description()))
        case 16:
            let id = app.state.engine.pending.first?.id ?? CommandID(0)
            let outcome: Acknowledgement.Outcome = Bool.random(using: &random) ? .applied("done") : .refused("no")
            return .engine(.acknowledged(Acknowledgement(command: id, step: 3, outcome: outcome)))
        case 17: return .input(.mouse(MouseEvent(kind: .press, x: .random(in: 0...80, using: &random), y: 5)))
        case 18: return .input(.mouse(MouseEvent(kind: .wheelDown, x: 4, y: .random(in: 0...30, using: &random))))
        default:
            app.makeStep(.random(in: 1...300, using: &random))
            return .signal(.resumed)
        }
    }

    private func check(_ state: AppState) {
        #expect(state.prompts.selection == 0 || state.prompts.entries.indices.contains(state.prompts.selection))
        #expect(SettingRow.all.indices.contains(state.settings.selection))
        #expect(Set(state.prompts.entries.map(\.id)).count == state.prompts.entries.count)
        #expect(state.log.scrolledBack >= 0 && state.log.scrolledBack <= max(0, state.log.entries.count - 1))
        if let editor = state.editor { #expect((0...editor.line.characters.count).contains(editor.line.cursor)) }
        if case .help(let line) = state.overlay { #expect(line >= 0) }
    }
}

@Suite("Panes, previews and overlays") struct AppPaneTests {
    @Test func tabGoesRound() {
        var app = AppFixture()
        for pane in [Pane.settings, .loss, .log, .picture, .prompts] {
            app.press("tab")
            #expect(app.state.focus == pane)
        }
        app.press("shift-tab")
        #expect(app.state.focus == .picture)
    }

    @Test func aClickFocusesAndSelects() {
        var app = AppFixture(["a", "b", "c"])
        app.act(.input(.mouse(MouseEvent(kind: .press, x: 5, y: 3))))
        #expect(app.state.focus == .prompts)
        #expect(app.state.prompts.selection == 2)
        app.act(.input(.mouse(MouseEvent(kind: .press, x: 70, y: 5))))
        #expect(app.state.focus == .picture)
    }

    @Test func stalePreviewsAreDropped() throws {
        var app = AppFixture(["a"])
        app.run(steps: 1)
        let frame = try #require(TestPicture.frame(step: 1, width: 64, height: 64))
        guard case .renderPreview(let old, _)? = app.act(.frame(frame)).first else {
            Issue.record("no preview asked for")
            return
        }
        #expect(app.act(.input(.key(KeyEvent(.up)))).isEmpty)
        guard case .renderPreview(let new, _)? = app.act(.resize(Size(columns: 120, rows: 40))).first else {
            Issue.record("no preview asked for after the resize")
            return
        }
        app.act(.previewRendered(old, TestPicture.render(old, frame)))
        #expect(app.state.preview.shown == nil)
        app.act(.previewRendered(new, TestPicture.render(new, frame)))
        #expect(app.state.preview.shown?.ticket == new)
    }

    @Test func anotherModeOfTheSameFrameIsDrawnAgain() {
        var app = AppFixture(["a"])
        app.run(steps: 1)
        app.state.preview.modes = [.truecolor, .sixel]
        app.state.preview.mode = .sixel
        app.paint()
        app.state.preview.mode = .truecolor
        app.answerPreviews(app.press("up"))
        let first = app.screen.overlay
        app.state.preview.mode = .sixel
        app.answerPreviews(app.press("up"))
        app.state.preview.mode = .truecolor
        app.answerPreviews(app.press("up"))
        #expect(first != nil && app.screen.overlay?.serial != first?.serial)
    }

    @Test func lateFramesOfTheRightShapeStillShow() throws {
        var app = AppFixture(["a"])
        app.run(steps: 1)
        let frame = try #require(TestPicture.frame(step: 1, width: 64, height: 64))
        guard case .renderPreview(let first, _)? = app.act(.frame(frame)).first else { return }
        app.act(.frame(frame))
        app.act(.previewRendered(first, TestPicture.render(first, frame)))
        #expect(app.state.preview.shown?.ticket == first)
    }

    @Test func thePaletteRunsWhatIsTyped() {
        var app = AppFixture(["a"])
        app.run(steps: 1)
        app.press(":")
        app.type("save ch")
        #expect(app.press("enter") == [.send(.saveCheckpoint, note: nil)])
        #expect(app.state.overlay == nil)
        app.press("tab :")
        app.type("weight-up")
        app.press("enter")
        #expect(app.state.focus == .prompts)
        #expect(app.state.prompts.selected?.weight == 1.1)
    }

    @Test func themesAndPreviewModesCycle() {
        var app = AppFixture(["a"])
        #expect(app.press("t") == [.loadTheme("light")])
        app.act(.themeLoaded(name: "light", issues: []))
        #expect(app.press("t") == [.loadTheme("dark")])
        app.press("p")
        #expect(app.state.preview.mode == .truecolor)
        app.press("p")
        #expect(app.text.contains("the preview is off"))
    }

    @Test func pathsAreCompletedInTurn() {
        var app = AppFixture(["a"])
        app.run(steps: 1)
        #expect(app.press("C tab") == [.completePath("/runs/one/")])
        app.act(.pathCandidates(prefix: "/runs/one/", ["/runs/one/a", "/runs/one/b"]))
        app.press("tab")
        guard case .path(let entry)? = app.state.overlay else { return }
        #expect(entry.line.text == "/runs/one/b")
    }
}
