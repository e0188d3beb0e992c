public import EngineKit
import Glibc
import Synchronization

/// Set from a signal handler's source to end a headless run early.
public final class Interruption: Sendable {
    private let number = Atomic<Int32>(0)

    public init() {}

    public func raise() { raise(by: SIGINT) }

    public func raise(by signal: Int32) { number.store(signal, ordering: .releasing) }

    public var isRaised: Bool { signal != nil }

    /// The signal that arrived last.
    public var signal: Int32? {
        let number = number.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }
}

/// Paints one run without a screen: loads, starts, reports, saves.
public struct HeadlessRun {
    /// How a run ended.
    public enum Ending: Sendable, Equatable {
        case done, interrupted, failed
    }

    private let engine: any Engine
    private let interruption: Interruption

    public init(engine: any Engine, interruption: Interruption = Interruption()) {
        self.engine = engine
        self.interruption = interruption
    }

    /// What to paint.
    public struct Job: Sendable {
        public var prompts: [Prompt]
        /// The user's own settings; they win over the model's recommended ones.
        public var settings: [SettingKey: String]
        public var models: ModelChoice
        /// Where the picture goes; `nil` for the run's own folder.
        public var output: String?

        public init(
            prompts: [Prompt],
            settings: [SettingKey: String],
            models: ModelChoice = .builtIn,
            output: String? = nil
        ) {
            self.prompts = prompts
            self.settings = settings
            self.models = models
            self.output = output
        }
    }

    /// What is known of the run while its events arrive.
    private struct Progress {
        var model = ""
        var costs: RunCosts?
        var hasStarted = false
        var lastStep: StepReport?
        var wasInterrupted = false
        let began = ContinuousClock.now
    }

    /// Runs the job to its end. Blocks.
    public func run(_ job: Job, reporter: inout some RunReporter) -> Ending {
        var progress = Progress()
        engine.send(.load(job.models))
        while true {
            if interruption.isRaised, !progress.wasInterrupted {
                progress.wasInterrupted = true
                guard progress.hasStarted else {
                    engine.cancelLoading()
                    reporter.failed(EngineFailure(.cancelled, "stopped before anything was painted"))
                    return .interrupted
                }
                engine.send(.stop)
            }
            guard engine.outbox.wait(timeout: .milliseconds(100)) else { continue }
            for event in engine.outbox.drain().events {
                if let ending = handle(event, job, &progress, &reporter) { return ending }
            }
        }
    }

    private func handle(
        _ event: EngineEvent,
        _ job: Job,
        _ progress: inout Progress,
        _ reporter: inout some RunReporter
    ) -> Ending? {
        switch event {
        case .loading(let load): reporter.loading(load)
        case .loaded(let model):
            (progress.model, progress.costs) = (model.summary, model.costs)
            return start(job, model, &progress, &reporter)
        case .started(let run):
            progress.hasStarted = true
            reporter.started(run, model: progress.model)
            if let costs = progress.costs { reporter.note(Self.expectation(costs.estimate(run.settings))) }
        case .step(let report):
            progress.lastStep = report
            reporter.step(report)
        case .phase(.finished):
            engine.send(.savePicture(path: job.output))
        case .saved(let file):
            reporter.saved(file)
            let seconds = (ContinuousClock.now - progress.began) / .seconds(1)
            reporter.done(
                steps: file.step,
                loss: progress.lastStep?.loss,
                seconds: seconds,
                wasInterrupted: progress.wasInterrupted
            )
            return progress.wasInterrupted ? .interrupted : .done
        case .note(let text): reporter.note(text)
        case .failed(let failure): return fail(failure, job, progress, &reporter)
        case .phase, .acknowledged: break
        }
        return nil
    }

    private func start(
        _ job: Job,
        _ model: ModelDescription,
        _ progress: inout Progress,
        _ reporter: inout some RunReporter
    ) -> Ending? {
        var settings = RunSettings()
        do {
            try settings.apply(model.recommended)
            try settings.apply(job.settings)
        } catch {
            reporter.failed(EngineFailure(describing: error))
            return .failed
        }
        // Nobody looks at the picture before it is done.
        settings.previewEvery = settings.steps
        engine.send(.start(RunRequest(prompts: job.prompts, settings: settings)))
        return nil
    }

    /// What the run is going to take, in a line.
    private static func expectation(_ estimate: RunEstimate) -> String {
        let memory = "about \(Figures.memory(estimate.peakBytes)) of memory"
        guard let step = estimate.secondsPerStep, let all = estimate.seconds else {
            return memory + "; how long it takes is known once bench has measured this machine"
        }
        return "\(memory), \(Figures.rounded(step, digits: 2)) s a step, \(Figures.duration(all)) in all"
    }

    /// After a failed step or a failed save to the place asked for, what there is goes to the run's own folder.
    private func fail(
        _ failure: EngineFailure,
        _ job: Job,
        _ progress: Progress,
        _ reporter: inout some RunReporter
    ) -> Ending {
        if progress.hasStarted, let rescued = rescue() { reporter.saved(rescued) }
        reporter.failed(failure)
        return .failed
    }

    private func rescue() -> SavedFile? {
        let command = engine.send(.savePicture(path: nil))
        while engine.outbox.wait(timeout: .seconds(30)) {
            for event in engine.outbox.drain().events {
                switch event {
                case .saved(let file): return file
                case .acknowledged(let answer) where answer.command == command: return nil
                default: break
                }
            }
        }
        return nil
    }
}
