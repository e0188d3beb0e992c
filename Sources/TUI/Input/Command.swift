/// Everything that a key or the palette can ask for. The raw value is the name used in the configuration.
enum Command: String, Sendable, CaseIterable {
    case toggleRun = "toggle-run"
    case stop
    case stepOnce = "step"
    case restart
    case savePicture = "save-picture"
    case saveCheckpoint = "save-checkpoint"
    case loadCheckpoint = "load-checkpoint"
    case loadModel = "load-model"
    case cancelLoading = "cancel-loading"
    case models

    case addPrompt = "add-prompt"
    case edit
    case deletePrompt = "delete-prompt"
    case undo
    case movePromptUp = "move-up"
    case movePromptDown = "move-down"
    case weightUp = "weight-up"
    case weightDown = "weight-down"
    case mute
    case solo

    case choosePrevious = "choose-previous"
    case chooseNext = "choose-next"
    case resetSetting = "reset-setting"

    case selectPrevious = "select-previous"
    case selectNext = "select-next"
    case selectFirst = "select-first"
    case selectLast = "select-last"
    case pageUp = "page-up"
    case pageDown = "page-down"

    case nextPane = "next-pane"
    case previousPane = "previous-pane"
    case zoom
    case cycleTheme = "theme"
    case cyclePreview = "preview"
    case palette
    case help
    case quit
    case interrupt
    case suspend
    case redraw

    case accept
    case cancel
    case complete
    case previousMatch = "previous-match"
    case nextMatch = "next-match"

    case cursorLeft = "cursor-left"
    case cursorRight = "cursor-right"
    case wordLeft = "word-left"
    case wordRight = "word-right"
    case lineStart = "line-start"
    case lineEnd = "line-end"
    case deleteBefore = "delete-before"
    case deleteAfter = "delete-after"
    case deleteWordBefore = "delete-word-before"
    case deleteWordAfter = "delete-word-after"
    case deleteToStart = "delete-to-start"
    case deleteToEnd = "delete-to-end"
    case yank
}

/// Where a binding applies.
enum KeyContext: String, Sendable, CaseIterable {
    case prompts, settings, loss, log, picture
    /// Any pane, while nothing is being edited and no overlay is open.
    case workbench
    /// A line of text: a prompt or a setting.
    case editor
    /// A setting with a closed set of values.
    case chooser
    case palette
    /// A path to a file.
    case path
    case confirmation
    case help
    /// The list of installed models.
    case models
    /// Everywhere, even while text is edited.
    case anywhere

    var title: String {
        switch self {
        case .prompts: "Prompts"
        case .settings: "Settings"
        case .loss: "Loss"
        case .log: "Log"
        case .picture: "Picture"
        case .workbench: "Any pane"
        case .editor: "Editing a line"
        case .chooser: "Choosing a value"
        case .palette: "Command palette"
        case .path: "Entering a path"
        case .confirmation: "Question"
        case .help: "Help"
        case .models: "List of models"
        case .anywhere: "Everywhere"
        }
    }

    /// Whether plain characters are text here rather than commands.
    var takesText: Bool {
        switch self {
        case .editor, .palette, .path: true
        case .prompts, .settings, .loss, .log, .picture, .workbench, .chooser, .confirmation, .help, .models, .anywhere:
            false
        }
    }

    /// The contexts in which a key is looked up, the nearest first.
    var chain: [KeyContext] {
        switch self {
        case .prompts, .settings, .loss, .log, .picture: [self, .workbench, .anywhere]
        case .workbench: [.workbench, .anywhere]
        case .editor, .chooser, .palette, .path, .confirmation, .help, .models: [self, .anywhere]
        case .anywhere: [.anywhere]
        }
    }
}
