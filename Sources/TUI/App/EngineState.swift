import EngineKit

/// A command as the workbench thinks of it.
enum EngineRequest: Sendable, Equatable {
    case load(ModelChoice)
    case start([PromptList.Entry], RunSettings)
    case pause, resume, stepOnce, stop
    case setPrompts([PromptList.Entry])
    case setSettings(RunSettings)
    case savePicture
    case saveCheckpoint
    case loadCheckpoint(path: String)

    var command: EngineCommand {
        switch self {
        case .load(let choice): .load(choice)
        case .start(let entries, let settings): .start(RunRequest(prompts: entries.map(\.prompt), settings: settings))
        case .pause: .pause
        case .resume: .resume
        case .stepOnce: .stepOnce
        case .stop: .stop
        case .setPrompts(let entries): .setPrompts(entries.map(\.prompt))
        case .setSettings(let settings): .setSettings(settings)
        case .savePicture: .savePicture(path: nil)
        case .saveCheckpoint: .saveCheckpoint(path: nil)
        case .loadCheckpoint(let path): .loadCheckpoint(path: path)
        }
    }

    /// The word for the status bar until the engine has answered.
    var progressive: String? {
        switch self {
        case .load: "loading"
        case .start: "starting"
        case .pause: "pausing"
        case .resume: "resuming"
        case .stepOnce: "stepping"
        case .stop: "stopping"
        case .setPrompts, .setSettings: nil
        case .savePicture, .saveCheckpoint: "saving"
        case .loadCheckpoint: "restoring"
        }
    }

    /// The phase that the engine will be in once the command took effect, if it changes the phase.
    var resultingPhase: EnginePhase? {
        switch self {
        case .load: .ready
        case .start, .resume: .running
        case .pause, .stepOnce, .loadCheckpoint: .paused
        case .stop: .finished
        case .setPrompts, .setSettings, .savePicture, .saveCheckpoint: nil
        }
    }
}

/// A command on its way.
struct PendingCommand: Sendable, Equatable {
    let id: CommandID
    let request: EngineRequest
    /// What the log will say once it has taken effect; `nil` leaves that to the engine.
    let note: String?
}

/// The run in the engine, as far as its reports tell.
struct RunState: Sendable, Equatable {
    var settings: RunSettings
    /// The prompts in force, in the order of the losses.
    var entries: [PromptList.Entry]
    var folder: String
    var step: Int
    /// The last step that a saved picture or checkpoint holds.
    var savedStep: Int
    var report: StepReport?
    /// Running mean over about the last ten steps.
    var secondsPerStep: Double?
    /// Steps at which an edit took effect.
    var marks: [Int] = []

    var total: Int { settings.steps }

    mutating func add(_ report: StepReport) {
        step = report.step
        self.report = report
        guard report.seconds > 0 else { return }
        secondsPerStep = secondsPerStep.map { $0 + (report.seconds - $0) * 0.2 } ?? report.seconds
    }

    /// Seconds that the remaining steps will take.
    var secondsLeft: Double? { secondsPerStep.map { $0 * Double(max(0, total - step)) } }
}

/// What is known of the engine.
struct EngineState: Sendable, Equatable {
    var phase = EnginePhase.idle
    var progress: LoadProgress?
    var model: LoadedModel?
    var run: RunState?
    /// Commands without an answer, oldest first.
    var pending: [PendingCommand] = []
    /// Begin painting as soon as the model is there.
    var startsWhenLoaded = false
    /// The load in progress was given up, so its refusal is no bad news.
    var isLoadCancelled = false
    /// The files saved in this session, newest last.
    var savedFiles: [SavedFile] = []
    /// The reason in the last refusal, which the engine reports a second time as a failure.
    var lastRefusal: String?

    /// The phase once all pending commands have taken effect: what keys should act on.
    var intendedPhase: EnginePhase {
        pending.reduce(phase) { $1.request.resultingPhase ?? $0 }
    }

    /// Whether a new run is on its way.
    var isBeginningRun: Bool {
        pending.contains {
            switch $0.request {
            case .start, .loadCheckpoint: true
            case .load, .pause, .resume, .stepOnce, .stop, .setPrompts, .setSettings, .savePicture, .saveCheckpoint:
                false
            }
        }
    }

    /// Whether models are on their way.
    var isLoading: Bool {
        phase == .loading || pending.contains { if case .load = $0.request { true } else { false } }
    }

    /// What the engine is being asked to do, for the status bar.
    var activity: String? {
        guard phase != .loading else { return nil }
        return pending.lazy.compactMap(\.request.progressive).first
    }

    var step: Int? { run?.step }
}

/// A model description that can be compared.
struct LoadedModel: Sendable, Equatable {
    let description: ModelDescription

    static func == (a: LoadedModel, b: LoadedModel) -> Bool {
        a.description.choice == b.description.choice && a.description.summary == b.description.summary
            && a.description.device == b.description.device
    }
}
