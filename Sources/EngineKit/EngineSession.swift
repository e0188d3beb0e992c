/// What the worker drives. A session is made, used and destroyed on the worker's thread alone, so it may own tensors.
///
/// Errors of any type may be thrown; the worker turns them into ``EngineFailure`` through ``EngineFailure/init(describing:)``.
public protocol EngineSession: SendableMetatype {
    /// Loads models. Checks `isCancelled` between files, and throws `EngineFailure(.cancelled, …)` when it is true.
    mutating func load(
        _ choice: ModelChoice,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> ModelDescription

    /// Begins a run; the previous run, if any, is given up only once the new one stands.
    mutating func start(_ request: RunRequest) throws -> RunDescription

    /// Continues from a checkpoint file, loading other models if it names them. After an error, models and run are as
    /// before.
    mutating func restore(
        path: String,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> RunDescription

    /// Makes one step. After an error the state is as before the step.
    mutating func makeStep() throws -> StepReport

    /// Replaces the prompts of the run; on an error the old ones stay.
    /// - Returns: what changed, for the log.
    mutating func setPrompts(_ prompts: [Prompt]) throws -> String

    /// Replaces the settings of the run; on an error the old ones stay.
    /// - Returns: what changed, for the log.
    mutating func setSettings(_ settings: RunSettings) throws -> String

    /// The present picture.
    /// - Parameter isExact: whether it must be that of the present latent; otherwise the picture that the last step has
    ///   computed anyway will do, which is one step behind.
    mutating func frame(isExact: Bool) throws -> Frame?

    mutating func savePicture(path: String?) throws -> SavedFile
    mutating func saveCheckpoint(path: String?) throws -> SavedFile

    /// Called once, last: what was painted and not saved is to be kept.
    mutating func finish()

    /// What is loaded; `nil` before anything is.
    var model: ModelDescription? { get }
    /// Steps made in the present run; 0 without a run.
    var step: Int { get }
    /// Steps that the present run is to make; 0 without a run.
    var totalSteps: Int { get }
    /// Steps between preview frames.
    var previewEvery: Int { get }
}

extension EngineSession {
    public mutating func finish() {}

    public var model: ModelDescription? { nil }
}

/// Errors that know how to speak to the user.
public protocol UserFacingError: Error {
    var failure: EngineFailure { get }
}

extension EngineFailure {
    /// The failure that describes any error to the user.
    public init(describing error: any Error) {
        switch error {
        case let failure as EngineFailure: self = failure
        case let error as any UserFacingError: self = error.failure
        case let error as PromptSyntaxError: self.init(.prompt, error.message)
        case let error as SettingError: self.init(.settings, error.description)
        default: self.init(.other, String(describing: error))
        }
    }
}
