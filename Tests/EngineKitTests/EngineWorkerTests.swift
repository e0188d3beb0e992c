import EngineKit
import ScriptedEngine
import Testing

@Suite("Engine worker", .serialized)
struct EngineWorkerTests {
    private func settings(steps: Int) -> RunSettings {
        var settings = RunSettings()
        settings.steps = steps
        settings.size = PictureSize(16, 8)
        return settings
    }

    private func request(steps: Int) -> RunRequest {
        RunRequest(prompts: [Prompt(.text("dawn"))], settings: settings(steps: steps))
    }

    private func scripted() -> Observed { Observed(EngineWorker { ScriptedSession(stepSeconds: 0, note: $0) }) }

    @Test func aWholeRunReportsItsLifeInOrder() throws {
        let observed = scripted()
        #expect(observed.send(.load(.builtIn))?.outcome == .applied("loaded scripted model, no weights"))
        #expect(observed.send(.start(request(steps: 12)))?.outcome == .applied("started"))
        #expect(observed.until(phase: .finished))
        #expect(observed.phases == [.loading, .ready, .running, .finished])
        #expect(observed.steps == Array(1...12))
        let frame = try #require(observed.frame)
        #expect((frame.step, frame.width, frame.height) == (12, 16, 8))
        let fractions = observed.events.compactMap { if case .loading(let load) = $0 { load.fraction } else { nil } }
        #expect(fractions == [0, 0.25, 0.5, 0.75])
        #expect(observed.failures.isEmpty)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func whileFramesRestOnlyAPauseShowsOne() throws {
        let observed = Observed(Stage())
        observed.engine.outbox.restFrames(for: .seconds(3600))
        #expect(observed.send(.load(.builtIn)) != nil)
        #expect(observed.send(.start(request(steps: 1_000_000))) != nil)
        #expect(observed.until { if case .step(let report) = $0 { report.step >= 20 } else { false } })
        #expect(observed.frame?.step == 0, "the start's")
        let paused = try #require(observed.send(.pause))
        #expect(observed.until(phase: .paused))
        #expect(observed.frame?.step == paused.step)
        observed.engine.outbox.restFrames(for: .zero)
        #expect(observed.send(.resume) != nil)
        while observed.frame?.step == paused.step { try #require(observed.take()) }
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func aStepThatFailsWhileFramesRestShowsWhereItStopped() throws {
        let stage = Stage()
        let observed = Observed(stage)
        observed.engine.outbox.restFrames(for: .seconds(3600))
        #expect(observed.send(.load(.builtIn)) != nil)
        #expect(observed.send(.start(request(steps: 1_000_000))) != nil)
        #expect(observed.until { if case .step(let report) = $0 { report.step >= 5 } else { false } })
        stage.change { $0.failingSteps = 1 }
        #expect(observed.until(phase: .paused))
        #expect(observed.frame?.step == observed.steps.last)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func answersNameTheStepBeforeTheFirstThatFeelsThem() throws {
        let observed = Observed.engine(in: .running, Stage())
        for _ in 0..<20 {
            let answer = try #require(observed.send(.setPrompts([Prompt(.text("dusk"))])))
            #expect(observed.until { if case .step(let report) = $0 { report.step > answer.step } else { false } })
            let position = observed.events.firstIndex {
                if case .acknowledged(let other) = $0 { other == answer } else { false }
            }
            let before = observed.events[..<(position ?? 0)].last { if case .step = $0 { true } else { false } }
            if case .step(let report) = before {
                #expect(report.step == answer.step)
            } else {
                #expect(answer.step == 0)
            }
        }
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func identitiesRiseInTheOrderOfSending() {
        let observed = Observed(Stage())
        let ids = (0..<5).map { _ in observed.engine.send(.pause).value }
        #expect(ids == [1, 2, 3, 4, 5])
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test(arguments: [EnginePhase.ready, .running, .paused, .finished])
    func aFailedLoadLeavesWhatWasThere(phase: EnginePhase) throws {
        let stage = Stage()
        let observed = Observed.engine(in: phase, stage)
        stage.change { $0.failingLoads = 1 }
        let answer = try #require(observed.send(.load(ModelChoice(vqgan: "other", clip: "other"))))
        #expect(!answer.outcome.isApplied)
        #expect(observed.until(phase: phase))
        if phase == .running {
            #expect(observed.until { if case .step(let report) = $0 { report.step > answer.step } else { false } })
        }
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func nothingIsPaintedAfterAPause() throws {
        let observed = Observed.engine(in: .running, Stage())
        for _ in 0..<10 {
            let answer = try #require(observed.send(.pause))
            // Another command passes through the worker; no step may have been made meanwhile.
            let next = try #require(observed.send(.setPrompts([])))
            #expect(next.step == answer.step)
            #expect(observed.steps.last ?? 0 == answer.step)
            #expect(observed.frame?.step == answer.step, "the frame of a pause is the present picture")
            _ = observed.send(.resume)
            #expect(observed.until { if case .step(let report) = $0 { report.step > answer.step } else { false } })
        }
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func oneStepIsOneStep() throws {
        let observed = Observed.engine(in: .paused, Stage())
        let start = try #require(observed.acknowledgements.last).step
        for index in 1...4 {
            let answer = try #require(observed.send(.stepOnce))
            #expect(answer.outcome == .applied("one step"))
            #expect(observed.until { if case .step(let report) = $0 { report.step == start + index } else { false } })
            #expect(observed.until(phase: .paused))
            #expect(observed.send(.setPrompts([]))?.step == start + index)
        }
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func moreStepsContinueAFinishedRun() throws {
        let observed = scripted()
        _ = observed.send(.load(.builtIn))
        _ = observed.send(.start(request(steps: 3)))
        #expect(observed.until(phase: .finished))
        let refusal = observed.send(.resume)
        #expect(refusal?.outcome == .refused("all 3 steps are made; raise steps to go on"))
        #expect(observed.send(.stepOnce)?.outcome == refusal?.outcome)
        #expect(observed.send(.setSettings(settings(steps: 5)))?.outcome.isApplied == true)
        #expect(observed.until(phase: .paused))
        #expect(observed.send(.resume)?.step == 3)
        #expect(observed.until(phase: .finished))
        #expect(observed.steps == [1, 2, 3, 4, 5])
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test(arguments: [EnginePhase.running, .paused])
    func fewerStepsThanWereMadeEndTheRun(phase: EnginePhase) throws {
        let observed = Observed.engine(in: .running, Stage())
        #expect(observed.until { if case .step(let report) = $0 { report.step == 3 } else { false } })
        if phase == .paused { _ = observed.send(.pause) }
        let answer = try #require(observed.send(.setSettings(settings(steps: 2))))
        #expect(observed.until(phase: .finished))
        #expect(observed.send(.setPrompts([]))?.step == answer.step, "no step more than there were")
        #expect(observed.frame?.step == answer.step)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func aRunOfNoMoreStepsIsFinishedAtOnce() {
        let stage = Stage()
        stage.change { $0.totalSteps = 4 }
        let observed = Observed.engine(in: .ready, stage)
        #expect(observed.send(.loadCheckpoint(path: "/a"))?.outcome == .applied("continued from step 4, paused"))
        #expect(observed.phase == .finished)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func cancellingGivesUpALoadAndTheNextOneWorks() {
        let stage = Stage()
        stage.change { $0.holdsLoads = true }
        let observed = Observed(stage)
        let load = observed.engine.send(.load(.builtIn))
        #expect(observed.until { if case .loading = $0 { true } else { false } })
        observed.engine.cancelLoading()
        #expect(observed.answer(load)?.outcome == .refused("loading was cancelled"))
        #expect(observed.until(phase: .idle))
        #expect(observed.failures.isEmpty, "what the user asked for is no failure")
        stage.change { $0.holdsLoads = false }
        #expect(observed.send(.load(.builtIn))?.outcome == .applied("loaded staged"))
        #expect(observed.phases == [.loading, .idle, .loading, .ready])
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func cancellingReachesALoadThatIsStillInTheQueue() {
        let stage = Stage()
        stage.change { $0.holdsLoads = true }
        let observed = Observed(stage)
        let ids = (0..<3).map { _ in observed.engine.send(.load(.builtIn)) }
        observed.engine.cancelLoading()
        for id in ids { #expect(observed.answer(id)?.outcome == .refused("loading was cancelled")) }
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func aFailedLoadIsReportedAndCanBeTriedAgain() {
        let stage = Stage()
        stage.change { $0.failingLoads = 1 }
        let observed = Observed(stage)
        #expect(observed.send(.load(.builtIn))?.outcome == .refused("the weights are broken"))
        #expect(observed.until(phase: .failed))
        #expect(observed.phases == [.loading, .failed])
        #expect(observed.failures == [EngineFailure(.model, "the weights are broken")])
        let start = observed.send(.start(Observed.request))
        #expect(start?.outcome == .refused("no model is loaded; load one first"))
        #expect(observed.send(.load(.builtIn))?.outcome.isApplied == true)
        #expect(observed.send(.start(Observed.request))?.outcome.isApplied == true)
        #expect(observed.until(phase: .running))
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func anErrorInAStepPausesAndTheRunCanGoOn() throws {
        let stage = Stage()
        let observed = Observed.engine(in: .running, stage)
        stage.change { $0.failingSteps = 1 }
        #expect(observed.until(phase: .paused))
        #expect(observed.failures == [EngineFailure(.numerics, "the loss is not a number")])
        let made = observed.steps.last ?? 0
        #expect(observed.send(.resume)?.step == made)
        #expect(observed.until { if case .step(let report) = $0 { report.step == made + 1 } else { false } })
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func aFailedSaveIsAFailureAndChangesNothing() {
        let observed = Observed.engine(in: .paused, Stage())
        #expect(observed.send(.savePicture(path: "/nowhere"))?.outcome == .refused("/nowhere cannot be written"))
        let saved = observed.send(.saveCheckpoint(path: "/here"))
        #expect(saved?.outcome == .applied("saved /here"))
        #expect(observed.failures.map(\.kind) == [.file])
        let files = observed.events.compactMap { if case .saved(let file) = $0 { file } else { nil } }
        #expect(files == [SavedFile(kind: .checkpoint, path: "/here", step: saved?.step ?? -1)])
        #expect(observed.phase == .paused)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func aPreviewThatFailsIsANoteAndThePaintingGoesOn() {
        let stage = Stage()
        stage.change { ($0.failsFrames, $0.totalSteps) = (true, 3) }
        let observed = Observed.engine(in: .ready, stage)
        _ = observed.send(.start(Observed.request))
        #expect(observed.until(phase: .finished))
        #expect(observed.steps == [1, 2, 3])
        #expect(observed.notes.contains("no preview: too large"))
        #expect(observed.frame == nil)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }

    @Test func theSessionsNotesReachTheOutbox() {
        let observed = Observed(
            EngineWorker { note in
                note("made")
                return StagedSession(stage: Stage())
            }
        )
        #expect(observed.until { if case .note("made") = $0 { true } else { false } })
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
    }
}
