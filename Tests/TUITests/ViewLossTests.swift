import EngineKit
import Testing

@testable import TUI

@Suite("Loss plot") struct ViewLossTests {
    @Test func dotsFormBrailleLetters() {
        var canvas = BrailleCanvas(columns: 2, rows: 1)
        canvas.line(from: (0, 0), to: (3, 3), CellStyle(.lossTotal))
        var buffer = CellBuffer(size: Size(columns: 2, rows: 1))
        canvas.draw(x: 0, y: 0, on: &buffer)
        #expect(buffer[0, 0].text == "⠑")
        #expect(buffer[1, 0].text == "⢄")
        #expect(buffer[1, 0].style.role == .lossTotal)
        canvas.set(x: -1, y: 9, CellStyle())
    }

    @Test func extremesTouchTheEdges() {
        let range = LossRange(steps: 1...101, low: 0.5, high: 1.5)
        #expect(range.column(of: 1, dots: 40) == 0)
        #expect(range.column(of: 101, dots: 40) == 39)
        #expect(range.row(of: 1.5, dots: 16) == 0)
        #expect(range.row(of: 0.5, dots: 16) == 15)
        #expect(LossRange(steps: 5...5, low: 1, high: 1).row(of: 1, dots: 16) == 8)
    }

    @Test func linesFollowTheirPromptWhenItMoves() throws {
        var app = AppFixture(["one", "two"])
        app.run(steps: 2)
        let before = try #require(app.state.history.last?.losses)
        let second = app.state.prompts.entries[1].id
        #expect(before[second] == 0.9 - 0.1 - 0.004)
        app.press("J")
        app.acknowledge(step: 2)
        app.makeStep(3)
        let after = try #require(app.state.history.last?.losses)
        #expect(after[second] == 0.9 - 0.006)
        #expect(app.text.contains("━ total ━ 1 ━ 2"))
    }

    @Test func mutedPromptsLeaveNoPoints() throws {
        var app = AppFixture(["one", "two"])
        app.run(steps: 2)
        app.press("m")
        app.acknowledge(step: 2)
        app.makeStep(3)
        #expect(try #require(app.state.history.last?.losses.count) == 1)
    }

    @Test func longHistoriesStayBounded() throws {
        var history = LossHistory()
        for step in 1...20_000 {
            let report = StepReport(
                step: step,
                total: 20_000,
                loss: 1 / Double(step),
                losses: [1 / Double(step)],
                seconds: 0.1,
                learningRate: 0.1,
                residentBytes: 0
            )
            history.append(report, entries: PromptList([Prompt(.text("a"))]).entries)
        }
        #expect(history.samples.count <= LossHistory.limit)
        #expect(history.samples.first?.step == 1)
        #expect(history.last?.step == 20_000)
        let steps = history.samples.map(\.step)
        #expect(steps == steps.sorted())
    }

    @Test func lossesThatAreNoNumbersAreLeftOut() {
        var history = LossHistory()
        let report = StepReport(
            step: 1,
            total: 2,
            loss: .nan,
            losses: [.nan],
            seconds: 0.1,
            learningRate: 0.1,
            residentBytes: 0
        )
        history.append(report, entries: PromptList([Prompt(.text("a"))]).entries)
        #expect(history.isEmpty)
    }

    @Test(arguments: [
        (0.32, "3.1 it/s"), (10.26, "10.3 s/it"), (0, "– it/s"),
    ]) func speedsAreReadable(_ seconds: Double, _ text: String) {
        #expect(Figures.speed(secondsPerStep: seconds) == text)
    }

    @Test(arguments: [
        (0.4, "0s"), (45, "45s"), (70, "1m10s"), (7500, "2h05m"), (.infinity, "–"),
    ]) func durationsAreReadable(_ seconds: Double, _ text: String) {
        #expect(Figures.duration(seconds) == text)
    }
}
