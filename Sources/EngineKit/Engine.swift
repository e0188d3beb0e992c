/// What a front end sees of the engine: it sends commands, and takes events and frames out of the outbox.
public protocol Engine: Sendable {
    /// Everything that the engine reports.
    var outbox: Outbox { get }

    /// Queues a command and returns at once. The answer comes as ``EngineEvent/acknowledged(_:)``.
    @discardableResult func send(_ command: EngineCommand) -> CommandID

    /// Gives up a load in progress, without waiting for the queue of commands.
    func cancelLoading()

    /// Stops the worker after the step in progress, having finished the commands before it.
    /// - Returns: whether the worker ended within the time given.
    func shutdown(timeout: Duration) -> Bool
}

/// Identifies a command in its acknowledgement.
public struct CommandID: Sendable, Hashable, Codable {
    public let value: UInt64

    public init(_ value: UInt64) { self.value = value }
}

/// The models of a run, each a folder, a file, or a name such as `built-in`.
public struct ModelChoice: Sendable, Codable, Hashable {
    public var vqgan: String
    /// One CLIP, or several with weights in the notation of ``CLIPChoice``.
    public var clip: String

    public init(vqgan: String = "built-in", clip: String = "built-in") {
        self.vqgan = vqgan
        self.clip = clip
    }

    public static let builtIn = ModelChoice()
}

/// All that is needed to start a run.
public struct RunRequest: Sendable, Codable, Hashable {
    public var prompts: [Prompt]
    public var settings: RunSettings
    /// Where pictures and checkpoints go; `nil` makes a new folder under the data directory.
    public var folder: String?

    public init(prompts: [Prompt], settings: RunSettings, folder: String? = nil) {
        self.prompts = prompts
        self.settings = settings
        self.folder = folder
    }
}

/// What a front end asks of the engine. Commands are applied in order, between two steps.
public enum EngineCommand: Sendable {
    /// Loads models, replacing the ones in use. Ends the present run.
    case load(ModelChoice)
    /// Starts a run, replacing the present one.
    case start(RunRequest)
    case pause
    case resume
    /// Makes one step and pauses again.
    case stepOnce
    /// Ends the run; its picture stays and can still be saved.
    case stop
    /// Replaces the prompts of the run.
    case setPrompts([Prompt])
    /// Replaces the settings of the run. Refused if a setting differs that needs a new run.
    case setSettings(RunSettings)
    /// Writes the present picture as PNG to the path, or to a new file in the run's folder.
    case savePicture(path: String?)
    /// Writes everything needed to go on exactly, to the path or to a new file in the run's folder.
    case saveCheckpoint(path: String?)
    /// Continues, paused, from a checkpoint file.
    case loadCheckpoint(path: String)
}
