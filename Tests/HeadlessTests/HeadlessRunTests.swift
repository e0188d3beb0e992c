import EngineKit
import Foundation
import Glibc
import Headless
import ScriptedEngine
import Testing

@Suite("Headless runs", .serialized)
struct HeadlessRunTests {
    private func run(
        _ job: HeadlessRun.Job,
        _ reporter: inout some RunReporter,
        engine: EngineWorker = HeadlessFixture.engine(),
        interruption: Interruption = Interruption()
    ) -> HeadlessRun.Ending {
        let ending = HeadlessRun(engine: engine, interruption: interruption).run(job, reporter: &reporter)
        #expect(engine.shutdown(timeout: .seconds(30)))
        return ending
    }

    private func objects(_ lines: [String]) throws -> [[String: Any]] {
        try lines.map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    @Test func jsonLinesHaveTheFieldsPromised() throws {
        let output = CollectedOutput()
        var reporter = JSONReporter(output: output.output)
        #expect(run(HeadlessFixture.job(output: "/pictures/x.png"), &reporter) == .done)
        let objects = try objects(output.lines())
        #expect(
            objects.map { $0["event"] as? String } == ["start"] + Array(repeating: "step", count: 5) + [
                "saved", "done",
            ]
        )
        let start = try #require(objects.first)
        #expect(start["prompts"] as? [String] == ["dawn:2", #"Act 1\: fog:-0.5"#])
        #expect(start["model"] as? String == "scripted model, no weights")
        #expect(start["folder"] as? String == "/tmp/scripted")
        #expect(start["notes"] as? [String] == [])
        let settings = try #require(start["settings"] as? [String: String])
        #expect(Set(settings.keys) == Set(SettingKey.allCases.map(\.rawValue)))
        #expect(settings["learning-rate"] == "0.1")
        for (index, step) in objects[1...5].enumerated() {
            #expect(
                Set(step.keys) == [
                    "event", "step", "total", "loss", "losses", "seconds", "learning_rate", "resident_bytes",
                ]
            )
            #expect(step["step"] as? Int == index + 1)
            #expect(step["total"] as? Int == 5)
            let losses = try #require(step["losses"] as? [Double])
            #expect(losses.count == 2)
            #expect(abs((step["loss"] as? Double ?? -1) - losses.reduce(0, +)) < 1e-12)
            #expect(step["seconds"] as? Double == 0)
        }
        #expect(objects[6]["path"] as? String == "/pictures/x.png")
        #expect(objects[6]["kind"] as? String == "picture")
        #expect(objects[6]["step"] as? Int == 5)
        #expect(objects[7]["steps"] as? Int == 5)
        #expect(objects[7]["interrupted"] as? Bool == false)
        #expect(objects[7]["loss"] as? Double == objects[5]["loss"] as? Double)
        #expect(objects[7]["seconds"] as? Double ?? -1 >= 0)
    }

    @Test func jsonTellsOfAFailureInOneObject() throws {
        let output = CollectedOutput()
        var reporter = JSONReporter(output: output.output)
        #expect(run(HeadlessFixture.job(models: ModelChoice(vqgan: "missing")), &reporter) == .failed)
        let objects = try objects(output.lines())
        #expect(objects.count == 1)
        #expect(objects.first?["event"] as? String == "error")
        #expect(objects.first?["kind"] as? String == "model")
        #expect(objects.first?["message"] as? String == "there is no model named missing")
        #expect(objects.first?["hint"] as? String == "choose built-in")
    }

    @Test func quietPrintsOnlyThePath() {
        let (output, errors) = (CollectedOutput(), CollectedOutput())
        var reporter = QuietReporter(output: output.output, errors: errors.output)
        #expect(run(HeadlessFixture.job([.steps: "3", .size: "20x8"]), &reporter) == .done)
        #expect(output.finish() == "/tmp/scripted/3.png\n")
        #expect(errors.finish() == "")
    }

    @Test(arguments: [1, 5, 20, 21, 39, 59, 100, 399])
    func plainSaysAboutTwentyTimesHowFarItIs(steps: Int) {
        let (output, errors) = (CollectedOutput(), CollectedOutput())
        var reporter = PlainReporter(output: output.output, errors: errors.output)
        #expect(run(HeadlessFixture.job([.steps: "\(steps)", .size: "20x8"]), &reporter) == .done)
        let lines = output.lines()
        #expect(lines.first == "model   scripted model, no weights")
        #expect(lines.contains("note    size rounded down to 16x8"))
        let reports = lines.filter { $0.hasPrefix("step    ") }
        #expect((min(steps, 10)...22).contains(reports.count), "\(reports.count)")
        #expect(reports.first?.hasPrefix("step    1/\(steps)  loss ") == true)
        #expect(reports.last?.hasPrefix("step    \(steps)/\(steps)  loss ") == true)
        #expect(lines.dropLast().last == "saved   /tmp/scripted/\(steps).png")
        #expect(lines.last?.hasPrefix("done    \(steps) step\(steps == 1 ? "" : "s") in ") == true)
        #expect(errors.finish() == "")
    }

    @Test func theBarLeavesWholeLinesBehind() {
        let (output, errors) = (CollectedOutput(), CollectedOutput())
        var reporter = BarReporter(output: output.output, errors: errors.output)
        #expect(run(HeadlessFixture.job(), &reporter) == .done)
        let text = output.finish()
        #expect(text.contains("5/5  loss "))
        #expect(text.contains("\r\u{1B}[Ksaved   /tmp/scripted/5.png\n"))
        #expect(text.hasSuffix("\n"))
    }

    @Test func aFailedLoadIsOneLineAmongTheErrors() {
        let (output, errors) = (CollectedOutput(), CollectedOutput())
        var reporter = PlainReporter(output: output.output, errors: errors.output)
        #expect(run(HeadlessFixture.job(models: ModelChoice(vqgan: "missing")), &reporter) == .failed)
        #expect(output.finish() == "")
        #expect(errors.finish() == "vqclip-tui: there is no model named missing; choose built-in\n")
    }

    @Test func anInterruptionSavesAndSaysWhere() {
        let interruption = Interruption()
        var reporter = RememberingReporter(interruption: interruption, interruptsAt: 3)
        let ending = run(
            HeadlessFixture.job([.steps: "100000", .size: "16x8"], output: "/here.png"),
            &reporter,
            engine: HeadlessFixture.engine(stepSeconds: 0.001),
            interruption: interruption
        )
        #expect(ending == .interrupted)
        #expect(reporter.files.map(\.path) == ["/here.png"])
        #expect(reporter.done.map(\.wasInterrupted) == [true])
        #expect(reporter.done.first?.steps == reporter.files.first?.step)
        #expect(reporter.done.first?.steps ?? 0 >= 3)
        #expect(reporter.failures.isEmpty)
    }

    @Test func anInterruptionWhileLoadingGivesUp() {
        let interruption = Interruption()
        var reporter = RememberingReporter(interruption: interruption, interruptsAtLoading: true)
        let engine = HeadlessFixture.engine(stepSeconds: 0.05)
        #expect(run(HeadlessFixture.job(), &reporter, engine: engine, interruption: interruption) == .interrupted)
        #expect(reporter.failures.map(\.kind) == [.cancelled])
        #expect(reporter.run == nil)
        #expect(reporter.files.isEmpty)
    }

    @Test func aReaderThatGoesAwayDoesNotEndThePainting() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        signal(SIGPIPE, SIG_DFL)
        var watching = Watching(JSONReporter(output: LineOutput(descriptor: ends[1])))
        #expect(run(HeadlessFixture.job(), &watching) == .done)
        #expect(watching.steps == 5)
        #expect(watching.files == ["/tmp/scripted/5.png"])
        close(ends[1])
    }

    /// Passes everything on, and counts.
    private struct Watching: RunReporter {
        private var inner: JSONReporter
        private(set) var steps = 0
        private(set) var files: [String] = []

        init(_ inner: JSONReporter) { self.inner = inner }

        mutating func loading(_ progress: LoadProgress) { inner.loading(progress) }
        mutating func started(_ run: RunDescription, model: String) { inner.started(run, model: model) }
        mutating func step(_ report: StepReport) {
            steps += 1
            inner.step(report)
        }
        mutating func saved(_ file: SavedFile) {
            files.append(file.path)
            inner.saved(file)
        }
        mutating func note(_ text: String) { inner.note(text) }
        mutating func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool) {
            inner.done(steps: steps, loss: loss, seconds: seconds, wasInterrupted: wasInterrupted)
        }
        mutating func failed(_ failure: EngineFailure) { inner.failed(failure) }
    }

    @Test func recommendedSettingsLieUnderTheUsersOwn() throws {
        var reporter = RememberingReporter()
        #expect(run(HeadlessFixture.job([.cuts: "3"]), &reporter) == .done)
        let settings = try #require(reporter.run?.settings)
        #expect(settings.size == PictureSize(128, 128), "recommended by the model")
        #expect(settings.steps == 60, "recommended by the model")
        #expect(settings.cuts == 3, "the user's own")
        #expect(settings.learningRate == RunSettings().learningRate, "the default")
        #expect(reporter.steps.map(\.step) == Array(1...60))
    }

    @Test func aSettingThatCannotBeUsedEndsTheRun() {
        var reporter = RememberingReporter()
        #expect(run(HeadlessFixture.job([.cuts: "none"]), &reporter) == .failed)
        #expect(reporter.failures == [EngineFailure(.settings, "cuts: 'none' is not a whole number from 1 to 1024")])
        #expect(reporter.run == nil)
    }

    @Test func aRunThatCannotStartIsOneFailure() {
        var reporter = RememberingReporter()
        #expect(run(HeadlessFixture.job([.size: "4x4"]), &reporter) == .failed)
        #expect(
            reporter.failures == [EngineFailure(.settings, "4x4 is below one latent cell", hint: "use 8x8 or more")]
        )
        #expect(reporter.files.isEmpty)
    }
}
