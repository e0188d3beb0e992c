import EngineKit
import Testing

@testable import TUI

@Suite("Run control") struct AppRunTests {
    @Test func promptsGivenAtTheStartArePaintedAtOnce() {
        var app = AppFixture(["a"], settings: [.cuts: "4"], starts: true)
        app.load()
        guard case .start(let entries, let settings)? = app.requests.last else {
            Issue.record("no start in \(app.requests)")
            return
        }
        #expect(entries.map(\.prompt.label) == ["a"])
        #expect(settings.size == PictureSize(192, 192))
        #expect(settings.cuts == 4)
        #expect(settings.steps == RunSettings().steps)
    }

    @Test func spaceStartsPausesAndResumes() {
        var app = AppFixture(["a"])
        app.run(steps: 2)
        #expect(app.press("space") == [.send(.pause, note: nil)])
        #expect(app.text.contains("pausing"))
        #expect(app.press("space") == [.send(.resume, note: nil)])
        app.act(.engine(.phase(.paused)))
        app.acknowledge()
        app.act(.engine(.phase(.running)))
        app.acknowledge()
        #expect(app.text.contains("running"))
        #expect(app.state.engine.pending.isEmpty)
    }

    @Test func startingWithoutPromptsSaysWhatToDo() {
        var app = AppFixture()
        app.load()
        #expect(app.press("space").isEmpty)
        #expect(app.text.contains("press a and write"))
    }

    @Test func spaceWhileLoadingStartsLater() {
        var app = AppFixture(["a"])
        app.act(.launched)
        app.act(.engine(.phase(.loading)))
        #expect(app.press("space").isEmpty)
        #expect(app.state.engine.startsWhenLoaded)
        #expect(app.press("esc") == [.cancelLoading])
        app.acknowledge(.refused("loading was cancelled"))
        app.act(.engine(.phase(.idle)))
        #expect(!app.state.engine.startsWhenLoaded)
        #expect(app.state.notice == nil)
        #expect(app.press("space") == [.send(.load(.builtIn), note: nil)])
    }

    @Test func finishedRunsSayHowToGoOn() {
        var app = AppFixture(["a"], settings: [.steps: "3"])
        app.run(steps: 3)
        app.act(.engine(.phase(.finished)))
        #expect(app.press("space").isEmpty)
        #expect(app.text.contains("raise steps"))
        #expect(app.press("n").isEmpty)
        app.press("+")
        #expect(app.requests.last == .setPrompts(app.state.prompts.entries))
        #expect(app.text.contains("raise steps"))
    }

    @Test func aThemeIsNamedWhenItIsChosen() {
        var app = AppFixture(["a"])
        app.act(.themeLoaded(name: "ember", issues: []))
        #expect(app.text.contains("theme: ember"))
    }

    @Test func problemsOfTheConfigurationAreSaidAtOnce() {
        var app = AppFixture(["a"], warnings: ["config.toml:3: bad", "config.toml:4: worse"])
        app.load()
        #expect(app.text.contains("config.toml:3: bad (and 1 more in the log)"))
        #expect(app.state.log.entries.prefix(2).map(\.severity) == [.warning, .warning])
    }

    @Test func restartTakesTheNextSeed() {
        var app = AppFixture(["a"], settings: [.seed: "7"])
        app.run(steps: 1)
        app.press("r")
        guard case .start(_, let settings)? = app.requests.last else {
            Issue.record("no start")
            return
        }
        #expect(settings.seed == 8)
    }

    @Test func refusalsAreShownOnce() {
        var app = AppFixture(["a"])
        app.run(steps: 1)
        app.press("s")
        app.acknowledge(.refused("the disk is full; free some space"), step: 1)
        app.act(.engine(.failed(EngineFailure(.file, "the disk is full", hint: "free some space"))))
        #expect(app.state.log.entries.filter { $0.severity == .error }.count == 1)
        #expect(app.text.contains("the disk is full"))
        #expect(app.state.hasUnsavedSteps)
    }

    @Test func editsDuringTheStartAreSentAfterIt() {
        var app = AppFixture(["a"])
        app.load()
        app.press("space +")
        #expect(app.requests.count == 2)
        app.act(.engine(.started(app.description())))
        app.act(.engine(.phase(.running)))
        app.acknowledge(.applied("started"))
        #expect(app.requests.last == .setPrompts(app.state.prompts.entries))
    }

    @Test func aCheckpointBringsItsPromptsAndSettings() {
        var app = AppFixture(["a"])
        app.load()
        app.press("C ctrl-u")
        app.type("/x.checkpoint")
        #expect(app.press("enter") == [.send(.loadCheckpoint(path: "/x.checkpoint"), note: nil)])
        var settings = RunSettings()
        settings.seed = 99
        app.act(
            .engine(
                .started(
                    RunDescription(
                        prompts: [Prompt(.text("b"), weight: 2)],
                        settings: settings,
                        folder: "/x",
                        step: 40,
                        notes: []
                    )
                )
            )
        )
        app.act(.engine(.phase(.paused)))
        app.acknowledge(.applied("continued from step 40, paused"), step: 40)
        #expect(app.state.prompts.prompts.map(\.label) == ["b"])
        #expect(app.state.settings.effective == settings)
        #expect(app.requests.count == 2)
        #expect(!app.state.hasUnsavedSteps)
    }

    @Test func roundedSizesAreNoDifference() {
        var app = AppFixture(["a"], settings: [.size: "100x100"])
        app.load()
        app.press("space")
        var rounded = app.state.settings.effective
        rounded.size = PictureSize(96, 96)
        app.act(
            .engine(.started(RunDescription(prompts: [], settings: rounded, folder: "/x", step: 0, notes: ["rounded"])))
        )
        #expect(app.state.settings.effective.size == PictureSize(96, 96))
    }
}

@Suite("Leaving") struct AppLeavingTests {
    @Test func leavesAtOnceWhenNothingIsLost() {
        var app = AppFixture(["a"])
        app.load()
        #expect(app.press("q") == [.quit(.quit)])
        app.run(steps: 3)
        app.act(.engine(.saved(SavedFile(kind: .picture, path: "/x.png", step: 3))))
        #expect(app.press("ctrl-c") == [.quit(.quit)])
    }

    @Test func asksWhenStepsWouldBeLost() {
        var app = AppFixture(["a"])
        app.run(steps: 3)
        #expect(app.press("q").isEmpty)
        #expect(app.text.contains("not saved"))
        #expect(app.press("n").isEmpty)
        #expect(app.state.overlay == nil)
        app.press("q")
        #expect(app.press("y") == [.quit(.quit)])
    }

    @Test func theSecondInterruptLeavesAtOnce() {
        var app = AppFixture(["a"])
        app.run(steps: 3)
        app.press("a")
        #expect(app.press("ctrl-c").isEmpty)
        #expect(app.press("ctrl-c") == [.quit(.quit)])
    }

    @Test func savesAndLeaves() {
        var app = AppFixture(["a"])
        app.run(steps: 3)
        #expect(app.press("q s") == [.send(.savePicture, note: nil)])
        app.act(.engine(.saved(SavedFile(kind: .picture, path: "/x.png", step: 3))))
        app.effects = []
        app.acknowledge(.applied("saved /x.png"), step: 3)
        #expect(app.effects == [.quit(.quit)])
    }

    @Test func staysWhenSavingFails() {
        var app = AppFixture(["a"])
        app.run(steps: 3)
        app.press("q s")
        app.effects = []
        app.acknowledge(.refused("the disk is full"), step: 3)
        #expect(app.effects.isEmpty)
        #expect(app.state.leaving == nil)
    }

    @Test func aSignalSavesACheckpointFirst() {
        var app = AppFixture(["a"])
        app.run(steps: 3)
        #expect(app.act(.signal(.terminate)) == [.send(.saveCheckpoint, note: nil)])
        app.effects = []
        app.acknowledge(.refused("the disk is full"), step: 3)
        #expect(app.effects == [.quit(.terminated)])
    }

    @Test func hangingUpWithoutARunLeavesAtOnce() {
        var app = AppFixture(["a"])
        app.load()
        #expect(app.act(.signal(.hangUp)) == [.quit(.hungUp)])
    }
}
