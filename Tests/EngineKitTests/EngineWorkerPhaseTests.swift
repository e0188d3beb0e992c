import EngineKit
import Testing

@Suite("Every command in every phase", .serialized)
struct EngineWorkerPhaseTests {
    private static let commands: [(name: String, command: EngineCommand)] = [
        ("load", .load(.builtIn)), ("start", .start(Observed.request)), ("pause", .pause), ("resume", .resume),
        ("step", .stepOnce), ("stop", .stop), ("prompts", .setPrompts([Prompt(.text("dusk"))])),
        ("settings", .setSettings(settings)), ("picture", .savePicture(path: nil)),
        ("checkpoint", .saveCheckpoint(path: nil)), ("restore", .loadCheckpoint(path: "/a")),
    ]

    private static var settings: RunSettings {
        var settings = RunSettings()
        settings.steps = 500_000
        return settings
    }

    /// What each phase accepts, and the phase that follows.
    private static let accepted: [EnginePhase: [String: EnginePhase]] = [
        .idle: ["load": .ready, "restore": .paused],
        .ready: ["load": .ready, "start": .running, "restore": .paused],
        .running: [
            "load": .ready, "start": .running, "pause": .paused, "resume": .running, "stop": .finished,
            "prompts": .running, "settings": .running, "picture": .running, "checkpoint": .running, "restore": .paused,
        ],
        .paused: [
            "load": .ready, "start": .running, "pause": .paused, "resume": .running, "step": .paused,
            "stop": .finished, "prompts": .paused, "settings": .paused, "picture": .paused, "checkpoint": .paused,
            "restore": .paused,
        ],
        // Stopped before its end, so that it can go on.
        .finished: [
            "load": .ready, "start": .running, "resume": .running, "step": .paused, "stop": .finished,
            "prompts": .finished, "settings": .paused, "picture": .finished, "checkpoint": .finished,
            "restore": .paused,
        ],
        .failed: ["load": .ready, "restore": .paused],
    ]

    @Test(arguments: [EnginePhase.idle, .ready, .running, .paused, .finished, .failed])
    func legalCommandsAreAppliedAndIllegalOnesRefused(phase: EnginePhase) throws {
        let accepted = try #require(Self.accepted[phase])
        for (name, command) in Self.commands {
            let observed = Observed.engine(in: phase, Stage())
            #expect(observed.phase == phase)
            let failuresBefore = observed.failures.count
            let answer = try #require(observed.send(command), "\(name) in \(phase)")
            #expect(answer.outcome.isApplied == (accepted[name] != nil), "\(name) in \(phase): \(answer.outcome)")
            #expect(!answer.outcome.text.isEmpty)
            if let next = accepted[name] {
                #expect(observed.until(phase: next), "\(name) in \(phase) leads to \(observed.phase)")
                #expect(observed.failures.count == failuresBefore, "\(name) in \(phase)")
            } else {
                // The failure follows the answer; the next answer follows both.
                _ = observed.send(.pause)
                try #require(observed.failures.count > failuresBefore, "\(name) in \(phase)")
                #expect(observed.failures[failuresBefore].description == answer.outcome.text)
                #expect(observed.phase == (phase == .running ? .paused : phase), "\(name) in \(phase)")
            }
            #expect(observed.engine.shutdown(timeout: .seconds(30)), "\(name) in \(phase)")
        }
    }

    @Test(arguments: [EnginePhase.idle, .loading, .ready, .running, .paused, .finished, .failed])
    func shutdownEndsEveryPhaseAndNothingComesAfterIt(phase: EnginePhase) {
        let stage = Stage()
        let observed = Observed.engine(in: phase, stage)
        #expect(observed.phase == phase)
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
        #expect(stage.now.liveSessions == 0, "the session is gone when the shutdown has returned")
        _ = observed.engine.outbox.drain()
        observed.engine.send(.load(.builtIn))
        observed.engine.send(.start(Observed.request))
        observed.engine.cancelLoading()
        #expect(!observed.take(within: .milliseconds(50)))
        #expect(observed.engine.shutdown(timeout: .seconds(30)), "a second shutdown finds it done")
    }

    @Test func shutdownFinishesTheCommandsBeforeIt() {
        let observed = Observed.engine(in: .paused, Stage())
        let save = observed.engine.send(.savePicture(path: "/last.png"))
        #expect(observed.engine.shutdown(timeout: .seconds(30)))
        #expect(observed.answer(save)?.outcome == .applied("saved /last.png"))
    }

    @Test func aLoadThatHasNotBegunIsGivenUpByAShutdown() {
        let stage = Stage()
        stage.change { $0.holdsLoads = true }
        for _ in 0..<50 {
            let engine = EngineWorker { _ in StagedSession(stage: stage) }
            engine.send(.load(.builtIn))
            #expect(engine.shutdown(timeout: .seconds(30)))
        }
    }

    @Test func anEngineThatNobodyHoldsEndsItsWorker() {
        let stage = Stage()
        for phase in [EnginePhase.idle, .loading, .running, .paused] {
            stage.change { $0.holdsLoads = false }
            var observed: Observed? = Observed.engine(in: phase, stage)
            let outbox = observed?.engine.outbox
            observed = nil
            // Nothing rings when a session goes; the events before it wake this loop early.
            for _ in 0..<3000 where stage.now.liveSessions > 0 {
                _ = outbox?.drain()
                _ = outbox?.wait(timeout: .milliseconds(10))
            }
            #expect(stage.now.liveSessions == 0, "\(phase)")
        }
    }
}
