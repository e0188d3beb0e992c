/// Where the engine is in its life: idle → loading → ready → running ⇄ paused → finished, or failed from anywhere.
public enum EnginePhase: String, Sendable, Codable {
    /// No model is loaded.
    case idle
    case loading
    /// A model is loaded, there is no run.
    case ready
    case running
    case paused
    /// The run has made all its steps or was stopped; more steps or a resume continue it.
    case finished
    /// A load ended with an error; a new load leaves this phase. A step that fails only pauses its run.
    case failed
}

/// How far the loading of models is.
public struct LoadProgress: Sendable, Hashable {
    /// What is being loaded, in words.
    public let item: String
    /// 0…1 over all items.
    public let fraction: Double

    public init(item: String, fraction: Double) {
        self.item = item
        self.fraction = fraction
    }
}

/// Counts the tokens of a text as the text tower will see it.
public protocol TokenCounting: Sendable {
    /// Number of tokens of the text, without the start and end marks, before any truncation.
    func tokenCount(of text: String) -> Int
    /// The greatest count that is not truncated.
    var tokenLimit: Int { get }
}

/// Several text towers that read the same texts, counted as the one with the least room left: the limit is the smallest,
/// and it is exceeded as soon as any of them loses words.
public struct SharedTokenCounting: TokenCounting {
    private let towers: [any TokenCounting]
    public let tokenLimit: Int

    public init(_ towers: [any TokenCounting]) {
        self.towers = towers
        tokenLimit = towers.map(\.tokenLimit).min() ?? 0
    }

    public func tokenCount(of text: String) -> Int {
        let room = towers.map { $0.tokenLimit - $0.tokenCount(of: text) }.min() ?? 0
        return tokenLimit - room
    }
}

/// What was loaded, and what the front end needs to know of it.
public struct ModelDescription: Sendable {
    public let choice: ModelChoice
    /// A line such as `built-in VQGAN f=8, 1024 codes + CLIP 64 px`.
    public let summary: String
    /// Pixels per latent cell along each side.
    public let cellSize: Int
    /// The computing device, such as `cpu` or `cuda:0`.
    public let device: String
    /// Settings that suit the model, to be laid between the defaults and the user's own.
    public let recommended: [SettingKey: String]
    public let tokens: any TokenCounting
    /// Whether ``StartPicture/sketch`` is available.
    public let hasSketchbook: Bool
    /// What runs cost; `nil` where nobody knows.
    public let costs: RunCosts?

    public init(
        choice: ModelChoice,
        summary: String,
        cellSize: Int,
        device: String,
        recommended: [SettingKey: String],
        tokens: any TokenCounting,
        hasSketchbook: Bool,
        costs: RunCosts? = nil
    ) {
        self.choice = choice
        self.summary = summary
        self.cellSize = cellSize
        self.device = device
        self.recommended = recommended
        self.tokens = tokens
        self.hasSketchbook = hasSketchbook
        self.costs = costs
    }
}

/// A run that has just started or was continued from a checkpoint.
public struct RunDescription: Sendable, Hashable, Codable {
    public let prompts: [Prompt]
    /// The settings in force, with the size rounded to whole latent cells.
    public let settings: RunSettings
    /// The run's folder.
    public let folder: String
    /// Steps already made.
    public let step: Int
    /// What the user should know: a rounded size, a truncated prompt, the sketch that was chosen.
    public let notes: [String]

    public init(prompts: [Prompt], settings: RunSettings, folder: String, step: Int, notes: [String]) {
        self.prompts = prompts
        self.settings = settings
        self.folder = folder
        self.step = step
        self.notes = notes
    }
}

/// The answer to a command.
public struct Acknowledgement: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        /// Took effect; the text, for the log, says what changed.
        case applied(String)
        /// Had no effect; the text says why and what to do instead.
        case refused(String)
    }

    public let command: CommandID
    /// Steps that had been made when the command took effect: the next step is the first to feel it.
    public let step: Int
    public let outcome: Outcome

    public init(command: CommandID, step: Int, outcome: Outcome) {
        self.command = command
        self.step = step
        self.outcome = outcome
    }
}

/// Seconds of one step by what they went into. On a GPU work is queued: the time goes to the phase that waits for it.
public struct StepPhases: Sendable, Hashable, Codable {
    /// From the latent to the picture.
    public var decode = 0.0
    /// Taking the cutouts out of the picture.
    public var cutouts = 0.0
    /// CLIP's image tower and the losses.
    public var clip = 0.0
    /// Backward through all of these.
    public var backward = 0.0
    /// The part of it that goes through the decoder.
    public var decoderBackward = 0.0
    /// The optimiser and its checks.
    public var rest = 0.0

    public init() {}
}

/// The figures of one step.
public struct StepReport: Sendable, Hashable, Codable {
    /// Number of this step, from 1.
    public let step: Int
    /// Steps that the run is to make.
    public let total: Int
    /// Sum over prompts of `losses`.
    public let loss: Double
    /// |weight| · mean signed distance per prompt, in the prompts' order; 0 for a prompt without effect.
    public let losses: [Double]
    /// Wall time of the step in seconds.
    public let seconds: Double
    /// What the time went into; all 0 where nobody measures it.
    public let phases: StepPhases
    public let learningRate: Double
    /// Resident memory of the process in bytes.
    public let residentBytes: UInt64

    public init(
        step: Int,
        total: Int,
        loss: Double,
        losses: [Double],
        seconds: Double,
        phases: StepPhases = StepPhases(),
        learningRate: Double,
        residentBytes: UInt64
    ) {
        self.step = step
        self.total = total
        self.loss = loss
        self.losses = losses
        self.seconds = seconds
        self.phases = phases
        self.learningRate = learningRate
        self.residentBytes = residentBytes
    }
}

/// A file that was written.
public struct SavedFile: Sendable, Hashable {
    public enum Kind: String, Sendable {
        case picture, checkpoint
    }

    public let kind: Kind
    public let path: String
    /// Steps that had been made.
    public let step: Int

    public init(kind: Kind, path: String, step: Int) {
        self.kind = kind
        self.path = path
        self.step = step
    }
}

/// An error for the user: what happened, and what to do.
public struct EngineFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Kind: String, Sendable {
        case model, prompt, settings, image, file, network, memory, numerics, cancelled, other
    }

    public let kind: Kind
    /// One line, without a final stop.
    public let summary: String
    /// What to do about it, one line.
    public let hint: String?

    public init(_ kind: Kind, _ summary: String, hint: String? = nil) {
        self.kind = kind
        self.summary = summary
        self.hint = hint
    }

    public var description: String { hint.map { "\(summary); \($0)" } ?? summary }
}

/// What the engine reports. Frames travel separately, see ``Outbox``.
public enum EngineEvent: Sendable {
    case phase(EnginePhase)
    case loading(LoadProgress)
    case loaded(ModelDescription)
    case started(RunDescription)
    case step(StepReport)
    case acknowledged(Acknowledgement)
    case saved(SavedFile)
    /// A line for the log.
    case note(String)
    case failed(EngineFailure)
}

/// A picture as rows of RGB bytes, top to bottom.
public struct Frame: Sendable, Hashable, CustomReflectable {
    /// Steps that had been made.
    public let step: Int
    public let width: Int
    public let height: Int
    /// `width * height * 3` bytes.
    public let rgb: [UInt8]

    /// - Returns: `nil` when the number of bytes does not fit the size.
    public init?(step: Int, width: Int, height: Int, rgb: [UInt8]) {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0, !overflow, rgb.count % 3 == 0, rgb.count / 3 == pixels else { return nil }
        self.step = step
        self.width = width
        self.height = height
        self.rgb = rgb
    }

    public var customMirror: Mirror { Mirror(self, children: ["step": step, "width": width, "height": height]) }
}
