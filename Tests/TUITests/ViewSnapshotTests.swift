import EngineKit
import Testing

@testable import TUI

private let prompts = [
    "misty mountains under a violet sky, very detailed", "oil painting:0.5", "text, watermark:-0.3:-0.5",
    "[reference/山の絵.png]:0.2",
]
private let sizes = [(20, 5), (40, 12), (80, 24), (120, 40), (200, 60)].map { Size(columns: $0.0, rows: $0.1) }

@Suite("View snapshots") struct ViewSnapshotTests {
    @Test(arguments: sizes) func aRunInProgress(_ size: Size) throws {
        var app = AppFixture(prompts, size: size)
        app.run(steps: 40)
        app.press("+")
        app.acknowledge(step: 40)
        for step in 41...84 { app.makeStep(step) }
        app.paint(step: 84)
        try Snapshot.expect(app.screen, "running-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: sizes) func nothingYet(_ size: Size) throws {
        var app = AppFixture(size: size)
        app.load()
        try Snapshot.expect(app.screen, "empty-\(size.columns)x\(size.rows)")
    }

    @Test(arguments: Pane.allCases) func oneTabPerPane(_ pane: Pane) throws {
        var app = AppFixture(prompts, size: Size(columns: 60, rows: 18))
        app.run(steps: 30)
        app.paint(step: 30)
        while app.state.focus != pane { app.answerPreviews(app.press("tab")) }
        try Snapshot.expect(app.screen, "tab-\(pane.rawValue)-60x18")
    }

    @Test func aNarrowQuestionShowsEveryChoice() throws {
        var app = AppFixture(prompts, size: Size(columns: 45, rows: 14))
        app.run(steps: 30)
        app.press("q")
        for choice in ["[s] save picture and leave", "[y] leave without", "[n] stay"] {
            #expect(app.text.contains(choice))
        }
    }

    @Test func aSavedPathKeepsItsName() {
        let text = "saved /data/runs/2026-11-22-mist/step-000120.png"
        #expect(TextMeasure.fittedPath(text, to: 80) == text)
        #expect(TextMeasure.fittedPath(text, to: 30) == "saved …22-mist/step-000120.png")
        #expect(TextMeasure.fittedPath(text, to: 4) == "sav…")
        #expect(TextMeasure.fittedPath("saved", to: 3) == "sa…")
    }

    @Test func aTallNarrowScreenShowsThePictureAbove() throws {
        var app = AppFixture(prompts, size: Size(columns: 50, rows: 44))
        app.run(steps: 30)
        app.paint(step: 30)
        try Snapshot.expect(app.screen, "tall-50x44")
    }

    @Test func aMistakeInAPrompt() throws {
        var app = AppFixture(prompts)
        app.run(steps: 3)
        app.press("enter ctrl-u")
        app.type("a castle [by night.png")
        app.press("enter")
        try Snapshot.expect(app.screen, "prompt-mistake")
    }

    @Test func wordsBeyondTheTokenLimit() throws {
        var app = AppFixture(prompts)
        app.load()
        app.press("a")
        app.type("one two three four five six seven eight:0.5")
        try Snapshot.expect(app.screen, "prompt-cut-off")
    }

    @Test func editingASetting() throws {
        var app = AppFixture(prompts)
        app.run(steps: 3)
        app.press("tab down down down enter ctrl-u")
        app.type("many")
        app.press("enter")
        try Snapshot.expect(app.screen, "setting-mistake")
    }

    @Test func choosingASetting() throws {
        var app = AppFixture(prompts, size: Size(columns: 120, rows: 40))
        app.run(steps: 3)
        app.press("tab down down down down down enter space")
        try Snapshot.expect(app.screen, "setting-choice")
    }

    @Test func loadingAModel() throws {
        var app = AppFixture(prompts, starts: true)
        app.act(.launched)
        app.act(.engine(.phase(.loading)))
        app.act(.engine(.loading(LoadProgress(item: "CLIP ViT-B/32", fraction: 0.45))))
        try Snapshot.expect(app.screen, "loading")
    }

    @Test func help() throws {
        var app = AppFixture(prompts)
        app.run(steps: 3)
        app.press("?")
        try Snapshot.expect(app.screen, "help")
    }

    @Test func palette() throws {
        var app = AppFixture(prompts)
        app.load()
        app.press(":")
        app.type("save")
        try Snapshot.expect(app.screen, "palette")
    }

    @Test func leavingUnsaved() throws {
        var app = AppFixture(prompts)
        app.run(steps: 12)
        app.press("q")
        try Snapshot.expect(app.screen, "leave")
    }

    @Test func checkpointPath() throws {
        var app = AppFixture(prompts)
        app.run(steps: 12)
        app.press("C tab")
        app.act(.pathCandidates(prefix: "/runs/one/", ["/runs/one/12.checkpoint", "/runs/one/24.checkpoint"]))
        try Snapshot.expect(app.screen, "checkpoint")
    }
}

@Suite("Views at any size") struct ViewSizeTests {
    @Test func noSizeCrashes() {
        var app = AppFixture(prompts)
        app.run(steps: 5)
        app.paint()
        for overlay in ["", "?", ":", "C", "q", "enter", "tab enter"] {
            var copy = app
            copy.press(overlay)
            for columns in stride(from: 1, through: 130, by: 3) {
                for rows in [1, 2, 3, 5, 9, 10, 11, 12, 18, 19, 20, 30] {
                    let size = Size(columns: columns, rows: rows)
                    let screen = rootView(copy.state, size: size, keymap: copy.keymap)
                    #expect(screen.cells.size == size)
                    if let cursor = screen.cursor { #expect(screen.cells.bounds.contains(x: cursor.x, y: cursor.y)) }
                }
            }
        }
    }

    @Test func picturesOfBytesAreHiddenByOverlays() {
        var app = AppFixture(prompts, size: Size(columns: 100, rows: 30))
        app.run(steps: 1)
        app.paint()
        app.answerPreviews(app.press("p"))
        #expect(app.screen.overlay != nil)
        app.press("?")
        #expect(app.screen.overlay == nil)
    }

    @Test func thePictureIsCentredAndKeepsItsAspect() throws {
        var app = AppFixture(prompts, size: Size(columns: 120, rows: 40))
        app.run(steps: 1)
        app.paint(width: 64, height: 128)
        let area = try #require(Layout(app.state, size: app.state.size)?.panes[.picture]?.inset(1))
        let row = area.y + area.height / 2
        let painted = (area.x..<area.maxX).filter { app.screen.cells[$0, row].text == "▒" }
        let left = try #require(painted.first) - area.x
        let right = area.maxX - 1 - (try #require(painted.last))
        #expect(abs(left - right) <= 1)
        #expect(painted.count == area.height)
    }
}
