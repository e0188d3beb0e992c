import Dispatch
import EngineKit
import Foundation
import Synchronization

/// What a ``StagedSession`` does and has done, seen and changed from any thread.
final class Stage: Sendable {
    struct State {
        var totalSteps = 1_000_000
        var failingLoads = 0
        var failingSteps = 0
        var holdsLoads = false
        var failsFrames = false
        var loads = 0
        var liveSessions = 0
        var calls: [String] = []
    }

    private let state = Mutex(State())

    func change(_ body: (inout sending State) -> Void) { state.withLock { body(&$0) } }

    var now: State { state.withLock { $0 } }
}

/// A session whose failures are arranged by the test.
struct StagedSession: EngineSession {
    private final class Lifetime {
        let stage: Stage

        init(stage: Stage) {
            self.stage = stage
            stage.change { $0.liveSessions += 1 }
        }

        deinit { stage.change { $0.liveSessions -= 1 } }
    }

    private struct Words: TokenCounting {
        let tokenLimit = 5
        func tokenCount(of text: String) -> Int { text.count }
    }

    private let stage: Stage
    private let lifetime: Lifetime
    private var hasRun = false
    private var steps = 0
    private(set) var step = 0

    init(stage: Stage) {
        self.stage = stage
        lifetime = Lifetime(stage: stage)
    }

    var totalSteps: Int { hasRun ? steps : 0 }
    var previewEvery: Int { 1 }

    mutating func load(
        _ choice: ModelChoice,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> ModelDescription {
        stage.change { $0.loads += 1 }
        progress(LoadProgress(item: "weights", fraction: 0))
        while stage.now.holdsLoads, !isCancelled() { Thread.sleep(forTimeInterval: 0.001) }
        if isCancelled() { throw EngineFailure(.cancelled, "loading was cancelled") }
        if stage.now.failingLoads > 0 {
            stage.change { $0.failingLoads -= 1 }
            throw EngineFailure(.model, "the weights are broken")
        }
        return ModelDescription(
            choice: choice,
            summary: "staged",
            cellSize: 8,
            device: "cpu",
            recommended: [:],
            tokens: Words(),
            hasSketchbook: false
        )
    }

    mutating func start(_ request: RunRequest) throws -> RunDescription { begin(request.prompts, request.settings, 0) }

    mutating func restore(
        path: String,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> RunDescription {
        begin([Prompt(.text(path))], RunSettings(), 4)
    }

    private mutating func begin(_ prompts: [Prompt], _ settings: RunSettings, _ first: Int) -> RunDescription {
        (hasRun, step, steps) = (true, first, stage.now.totalSteps)
        return RunDescription(prompts: prompts, settings: settings, folder: "/", step: first, notes: [])
    }

    mutating func makeStep() throws -> StepReport {
        if stage.now.failingSteps > 0 {
            stage.change { $0.failingSteps -= 1 }
            throw EngineFailure(.numerics, "the loss is not a number")
        }
        Thread.sleep(forTimeInterval: 0.0005)
        step += 1
        return StepReport(
            step: step,
            total: steps,
            loss: 1,
            losses: [1],
            seconds: 0,
            learningRate: 0,
            residentBytes: 0
        )
    }

    mutating func setPrompts(_ prompts: [Prompt]) throws -> String { "prompts" }

    mutating func setSettings(_ settings: RunSettings) throws -> String {
        steps = settings.steps
        return "settings"
    }

    mutating func frame(isExact: Bool) throws -> Frame? {
        if stage.now.failsFrames { throw EngineFailure(.memory, "too large") }
        return Frame(step: step, width: 1, height: 1, rgb: [0, 0, 0])
    }

    mutating func savePicture(path: String?) throws -> SavedFile {
        if path == "/nowhere" { throw EngineFailure(.file, "/nowhere cannot be written") }
        return SavedFile(kind: .picture, path: path ?? "/auto.png", step: step)
    }

    mutating func saveCheckpoint(path: String?) throws -> SavedFile {
        SavedFile(kind: .checkpoint, path: path ?? "/auto.checkpoint", step: step)
    }
}

/// An engine with everything that it has reported so far.
final class Observed {
    let engine: EngineWorker
    private(set) var events: [EngineEvent] = []
    private(set) var frame: Frame?

    init(_ engine: EngineWorker) { self.engine = engine }

    init(_ stage: Stage) { engine = EngineWorker { _ in StagedSession(stage: stage) } }

    /// Takes what there is, waiting for something if there is nothing.
    /// - Returns: whether something came.
    @discardableResult
    func take(within limit: Duration = .seconds(30)) -> Bool {
        guard engine.outbox.wait(timeout: limit) else { return false }
        let (events, frame) = engine.outbox.drain()
        self.events += events
        self.frame = frame ?? self.frame
        return true
    }

    /// Takes until an event that fits has come, now or earlier.
    func until(_ isWanted: (EngineEvent) -> Bool) -> Bool {
        var seen = 0
        while true {
            if events[seen...].contains(where: isWanted) { return true }
            seen = events.count
            guard take() else { return false }
        }
    }

    /// Sends a command and takes until it is answered.
    func send(_ command: EngineCommand) -> Acknowledgement? { answer(engine.send(command)) }

    func answer(_ id: CommandID) -> Acknowledgement? {
        _ = until { if case .acknowledged(let answer) = $0 { answer.command == id } else { false } }
        return acknowledgements.last { $0.command == id }
    }

    func until(phase: EnginePhase) -> Bool {
        while self.phase != phase {
            guard take() else { return false }
        }
        return true
    }

    var acknowledgements: [Acknowledgement] {
        events.compactMap { if case .acknowledged(let answer) = $0 { answer } else { nil } }
    }

    var steps: [Int] { events.compactMap { if case .step(let report) = $0 { report.step } else { nil } } }

    var phases: [EnginePhase] { events.compactMap { if case .phase(let phase) = $0 { phase } else { nil } } }

    var phase: EnginePhase { phases.last ?? .idle }

    var failures: [EngineFailure] {
        events.compactMap { if case .failed(let failure) = $0 { failure } else { nil } }
    }

    var notes: [String] { events.compactMap { if case .note(let text) = $0 { text } else { nil } } }

    static let request = RunRequest(prompts: [Prompt(.text("dawn"))], settings: RunSettings())

    /// Brings a new engine into a phase by the shortest way.
    static func engine(in phase: EnginePhase, _ stage: Stage) -> Observed {
        let observed = Observed(stage)
        switch phase {
        case .idle: break
        case .loading:
            stage.change { $0.holdsLoads = true }
            observed.engine.send(.load(.builtIn))
            _ = observed.until { if case .loading = $0 { true } else { false } }
        case .failed:
            stage.change { $0.failingLoads = 1 }
            _ = observed.send(.load(.builtIn))
        case .ready, .running, .paused, .finished:
            _ = observed.send(.load(.builtIn))
            if phase != .ready { _ = observed.send(.start(request)) }
            if phase == .paused { _ = observed.send(.pause) }
            if phase == .finished { _ = observed.send(.stop) }
        }
        _ = observed.until(phase: phase)
        return observed
    }
}

extension Acknowledgement.Outcome {
    var isApplied: Bool {
        if case .applied = self { true } else { false }
    }

    var text: String {
        switch self {
        case .applied(let text), .refused(let text): text
        }
    }
}
