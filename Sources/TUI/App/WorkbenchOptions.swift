public import EngineKit
public import Preview

/// What the workbench is started with.
public struct WorkbenchOptions: Sendable {
    /// The prompts to begin with.
    public var prompts: [Prompt] = []
    /// The user's own settings; they win over the model's recommendation, which wins over the defaults.
    public var settings: [SettingKey: String] = [:]
    public var models = ModelChoice.builtIn
    /// The models on this machine. Called when the user asks for the list.
    public var listModels: @Sendable () -> [ModelSummary] = { [] }
    /// Begin painting as soon as the model is loaded. Only with prompts.
    public var startsWhenLoaded = true
    /// A theme's name or path; `nil` takes the built-in one.
    public var theme: String?
    public var colors = ColorPreference.auto
    /// Whether clicks and the wheel are taken, which costs the terminal's own selecting of text.
    public var usesMouse = true
    /// How the picture is shown; `nil` finds out what the terminal can do.
    public var previewMode: PreviewMode?
    /// Other keys for commands: the name of a command → chords separated by spaces.
    public var keys: [String: String] = [:]
    /// Lines for the log pane at the start, such as what is wrong with the configuration.
    public var warnings: [String] = []
    /// Where stray output of libraries goes while the screen is taken; `nil` throws it away.
    public var logFile: String?
    /// Where runs are kept: the first folder offered when a checkpoint is to be loaded.
    public var runsFolder: String?

    public init() {}
}

/// How the workbench ended.
public struct WorkbenchOutcome: Sendable {
    public let reason: ExitReason
    /// What was written in this session, oldest first.
    public let savedFiles: [SavedFile]
    /// Whether the engine's worker ended in time; if not, exit without waiting for it.
    public let engineHasEnded: Bool
}

extension AppState {
    /// The state before anything has happened.
    init(_ options: WorkbenchOptions, size: Size, depth: ColorDepth, modes: [PreviewMode], themes: ThemeChoice) {
        self.init(
            size: size,
            prompts: PromptList(options.prompts),
            settings: SettingsDraft(own: options.settings, models: options.models),
            preview: PreviewState(
                mode: options.previewMode ?? modes.first ?? .cells,
                modes: modes,
                depth: PreviewDepth(depth)
            ),
            themes: themes
        )
        engine.startsWhenLoaded = options.startsWhenLoaded && !options.prompts.isEmpty
        runsFolder = options.runsFolder.map { $0.hasSuffix("/") ? $0 : $0 + "/" } ?? ""
        for warning in options.warnings { log.add(warning, step: nil, .warning) }
        // The log shows few lines, and they are soon scrolled away.
        if let first = options.warnings.first {
            let more = options.warnings.count - 1
            tell(more > 0 ? "\(first) (and \(more) more in the log)" : first, .warning)
        }
    }
}

extension PreviewDepth {
    /// Cells are drawn by ncurses, which has no more than 256 colours: better that the renderer picks them.
    init(_ depth: ColorDepth) {
        switch depth {
        case .monochrome: self = .monochrome
        case .ansi16: self = .ansi16
        case .indexed256, .truecolor: self = .indexed256
        }
    }
}
