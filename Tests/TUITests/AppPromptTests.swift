import EngineKit
import Testing

@testable import TUI

@Suite("Prompts") struct AppPromptTests {
    @Test func aRewordedPromptGoesToTheRunAndIntoTheLog() throws {
        var app = AppFixture(["a", "b"])
        app.run(steps: 42)
        app.press("down enter ctrl-u")
        app.type("a castle")
        app.press("enter")
        guard case .setPrompts(let entries)? = app.requests.last else {
            Issue.record("nothing sent")
            return
        }
        #expect(entries.map(\.prompt.label) == ["a", "a castle"])
        #expect(app.text.contains("2*"))
        app.acknowledge(.applied("whatever the engine says"), step: 42)
        #expect(app.state.log.entries.last?.text == "prompt 2 reworded")
        #expect(app.state.log.entries.last?.step == 42)
        #expect(!app.text.contains("2*"))
        #expect(app.state.engine.run?.marks == [42])
    }

    @Test func severalPromptsInOneLineBecomeSeveral() {
        var app = AppFixture(["a"])
        app.load()
        app.press("enter ctrl-u")
        app.act(.input(.paste("x:0.5 |\n[p.png]:2 | -y:-1:-0.5\n")))
        app.press("enter")
        #expect(PromptParser.source(of: app.state.prompts.prompts) == "x:0.5 | [p.png]:2 | -y:-1:-0.5")
        #expect(app.state.editor == nil)
    }

    @Test func pastingIntoTheWorkbenchWritesAPrompt() {
        var app = AppFixture()
        app.load()
        app.act(.input(.paste("a fox\nin snow")))
        app.press("enter")
        #expect(app.state.prompts.prompts == [Prompt(.text("a fox in snow"))])
    }

    @Test func mistakesAreShownAndEscapeLeavesThePromptAlone() {
        var app = AppFixture(["a"])
        app.load()
        app.press("e ctrl-u")
        app.type("[x")
        app.press("enter")
        #expect(app.state.editor?.problem?.column == 0)
        #expect(app.text.contains("never closed"))
        app.type("]")
        #expect(app.state.editor?.problem == nil)
        app.press("esc")
        #expect(app.state.prompts.prompts == [Prompt(.text("a"))])
    }

    @Test func weightsGoInTenths() {
        var app = AppFixture(["a"])
        app.load()
        for _ in 0..<13 { app.press("-") }
        #expect(app.state.prompts.selected?.weight == -0.3)
        app.press("+ + +")
        #expect(app.state.prompts.selected?.weight == 0)
        app.press("u u u")
        #expect(app.state.prompts.selected?.weight == -0.3)
    }

    @Test func deletingIsTakenBack() {
        var app = AppFixture(["a", "b", "c"])
        app.load()
        app.press("down d")
        #expect(app.state.prompts.prompts.map(\.label) == ["a", "c"])
        app.press("u")
        #expect(app.state.prompts.prompts.map(\.label) == ["a", "b", "c"])
        #expect(app.state.prompts.selection == 1)
        #expect(app.press("u").isEmpty)
        #expect(app.text.contains("nothing to take back"))
    }

    @Test func theLastPromptOfARunIsKeptByTheEngine() {
        var app = AppFixture(["a"])
        app.run(steps: 2)
        #expect(app.press("d").isEmpty)
        #expect(app.text.contains("keeps its last prompt"))
    }

    @Test func movingMutingAndSolo() {
        var app = AppFixture(["a", "b"])
        app.load()
        app.press("J")
        #expect(app.state.prompts.prompts.map(\.label) == ["b", "a"])
        #expect(app.state.prompts.selection == 1)
        app.press("m K o")
        #expect(app.state.prompts.prompts.map(\.isMuted) == [true, false])
        #expect(app.state.prompts.prompts.map(\.isSolo) == [true, false])
        app.press("K")
        #expect(app.text.contains("first prompt"))
    }

    @Test func tokensAreCountedWhileTyping() {
        var app = AppFixture()
        app.load()
        app.press("a")
        app.type("one two")
        #expect(app.text.contains("2/6 tokens"))
    }
}

@Suite("Settings") struct AppSettingsTests {
    /// Selects a setting's row.
    private func select(_ key: SettingKey, _ app: inout AppFixture) {
        app.state.focus = .settings
        app.state.settings.select(SettingRow.all.firstIndex(of: .key(key)) ?? 0)
    }

    @Test func liveSettingsReachTheRun() {
        var app = AppFixture(["a"])
        app.run(steps: 5)
        select(.learningRate, &app)
        app.press("enter ctrl-u")
        app.type("0.2")
        app.press("enter")
        guard case .setSettings(let settings)? = app.requests.last else {
            Issue.record("nothing sent")
            return
        }
        #expect(settings.learningRate == 0.2)
        app.acknowledge(step: 5)
        #expect(app.state.log.entries.last?.text == "rate 0.2")
        #expect(app.state.engine.run?.settings.learningRate == 0.2)
    }

    @Test func theOthersOfferANewRun() {
        var app = AppFixture(["a"])
        app.run(steps: 5)
        select(.size, &app)
        app.press("enter ctrl-u")
        app.type("64")
        #expect(app.press("enter").isEmpty)
        #expect(app.text.contains("Start one now?"))
        var other = app
        app.press("n")
        #expect(app.text.contains("*64x64"))
        other.press("y")
        guard case .start(_, let settings)? = other.requests.last else {
            Issue.record("no start")
            return
        }
        #expect(settings.size == PictureSize(64, 64))
    }

    @Test func liveSettingsAreSentBesideChangesForTheNextRun() {
        var app = AppFixture(["a"])
        app.run(steps: 5)
        select(.size, &app)
        app.press("enter ctrl-u")
        app.type("64")
        app.press("enter n")
        select(.rateSchedule, &app)
        app.press("right")
        guard case .setSettings(let settings)? = app.requests.last else {
            Issue.record("nothing sent")
            return
        }
        #expect(settings.rateSchedule == .cooling)
        #expect(settings.size == PictureSize(192, 192))
    }

    @Test func choicesCycle() {
        var app = AppFixture(["a"])
        app.load()
        select(.optimizer, &app)
        app.press("enter space right left enter")
        #expect(app.state.settings.effective.optimizer == .adamw)
        app.press("left left")
        #expect(app.state.settings.effective.optimizer == .rmsprop)
        app.press("backspace")
        #expect(app.state.settings.effective.optimizer == .adam)
    }

    @Test func valuesThatCannotBeUsedAreExplained() {
        var app = AppFixture(["a"])
        app.load()
        select(.cuts, &app)
        app.press("enter")
        app.type("x")
        app.press("enter")
        #expect(app.state.editor != nil)
        #expect(app.text.contains("is not a whole number"))
        app.press("esc")
        #expect(app.state.settings.effective.cuts == 16)
    }

    @Test func anotherModelIsLoadedAfterAQuestion() {
        var app = AppFixture(["a"])
        app.run(steps: 5)
        app.state.focus = .settings
        app.state.settings.select(0)
        app.press("enter ctrl-u")
        app.type("missing")
        #expect(app.press("enter").isEmpty)
        #expect(app.press("y") == [.send(.load(ModelChoice(vqgan: "missing")), note: nil)])
    }

    @Test func layersComeInOrder() {
        var draft = SettingsDraft(own: [.cuts: "4", .steps: "nonsense"])
        draft.recommend([.cuts: "16", .size: "64"])
        #expect(draft.effective.cuts == 4)
        #expect(draft.effective.size == PictureSize(64, 64))
        draft.reset(.cuts)
        #expect(draft.effective.cuts == 16)
    }
}
