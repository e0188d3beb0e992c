import EngineKit
import Testing

@testable import TUI

private let models = [
    ModelSummary(name: "built-in", hasVQGAN: true, hasCLIP: true, bytes: 15_854_089, detail: "comes with the program"),
    ModelSummary(name: "sflckr", hasVQGAN: true, hasCLIP: false, bytes: 288_566_796, detail: "landscapes and places"),
    ModelSummary(name: "vit-b-32", hasVQGAN: false, hasCLIP: true, bytes: 355_333_439, detail: "the classic choice"),
    ModelSummary(
        name: "a-model-with-a-very-long-name",
        hasVQGAN: true,
        hasCLIP: false,
        bytes: 304_000_000,
        detail: "f=16, 16384 codes, in words that are much longer than the line"
    ),
]

@Suite("List of models") struct AppModelTests {
    /// Opens the list as the event loop would.
    private func open(_ app: inout AppFixture, with chord: String = "M", _ models: [ModelSummary] = models) {
        for case .listModels(let half) in app.press(chord) { app.act(.modelsListed(models, half)) }
    }

    @Test func theListFitsTheSmallestUsualTerminal() throws {
        var app = AppFixture(["a castle"])
        app.load()
        open(&app)
        app.press("down")
        try Snapshot.expect(app.screen, "models")
    }

    @Test func choosingLoadsAtOnceWhereNothingRuns() {
        var app = AppFixture()
        app.load()
        open(&app)
        app.press("down enter")
        #expect(app.requests.last == .load(ModelChoice(vqgan: "sflckr", clip: "built-in")))
        #expect(app.state.overlay == nil)
    }

    @Test func choosingAsksBeforeItEndsARun() {
        var app = AppFixture(["a castle"])
        app.run(steps: 3)
        open(&app)
        let before = app.requests
        app.press("end enter")
        #expect(app.requests == before)
        #expect(app.text.contains("Load other models") && app.text.contains("ends the present run"))
        app.press("y")
        #expect(app.requests.last == .load(ModelChoice(vqgan: "a-model-with-a-very-long-name", clip: "built-in")))
    }

    @Test func anEntryOfTheSettingsListsItsHalf() {
        var app = AppFixture()
        app.load()
        open(&app, with: "tab right")
        #expect(app.text.contains("models that paint") && !app.text.contains("vit-b-32"))
        app.press("esc down")
        open(&app, with: "left")
        #expect(app.text.contains("models that look") && !app.text.contains("sflckr"))
        app.press("end enter")
        #expect(app.requests.last == .load(ModelChoice(vqgan: "built-in", clip: "vit-b-32")))
    }

    @Test func theListBeginsAtWhatIsInUseAndSaysSo() {
        var app = AppFixture()
        app.load()
        app.state.settings.models = ModelChoice(vqgan: "sflckr", clip: "built-in | vit-b-32:0.5")
        open(&app)
        #expect(app.text.contains("▸● sflckr") && app.text.contains(" ● vit-b-32") && app.text.contains(" ● built-in"))
        let before = app.requests
        app.press("enter")
        #expect(app.requests == before)
        #expect(app.state.notice?.text == "sflckr is in use already")
    }

    @Test func nothingIsOpenedOverSomethingElse() {
        var app = AppFixture()
        app.load()
        app.press("M ?")
        app.act(.modelsListed(models, nil))
        guard case .help = app.state.overlay else {
            Issue.record("the help is gone")
            return
        }
    }

    @Test func withoutModelsItSaysHowToGetSome() {
        var app = AppFixture()
        app.load()
        open(&app, [])
        #expect(app.state.overlay == nil)
        #expect(app.state.notice?.text == AppState.noModelsAdvice)
    }

    @Test func thePaletteReachesTheList() {
        var app = AppFixture()
        app.load()
        app.press(":")
        app.type("models")
        #expect(app.press("enter").contains(.listModels(nil)))
    }

    @Test func movingStaysInTheList() {
        var app = AppFixture()
        app.load()
        open(&app)
        for chord in ["up", "page-up", "home", "end", "down", "page-down", "j", "k"] {
            app.press(chord)
            guard case .models(let list) = app.state.overlay else {
                Issue.record("the list is gone after \(chord)")
                return
            }
            #expect(models.indices.contains(list.selection))
        }
        for size in [(40, 10), (20, 5), (200, 60)] {
            app.resize(size.0, size.1)
            _ = app.text
        }
        app.press("q")
        #expect(app.state.overlay == nil)
    }
}
