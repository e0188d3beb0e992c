import EngineKit
import Preview

/// Everything that can happen to the workbench.
enum Action: Sendable {
    case input(InputEvent)
    case resize(Size)
    case signal(TerminalSignal)
    case engine(EngineEvent)
    case frame(Frame)
    /// A command was handed to the engine.
    case sent(CommandID, EngineRequest, note: String?)
    case previewRendered(PreviewTicket, PreviewPicture)
    case previewFailed(PreviewTicket, String)
    case themeLoaded(name: String, issues: [String])
    /// What a path may be completed to; asked for with ``Effect/completePath(_:)``.
    case pathCandidates(prefix: String, [String])
    /// The models on this machine; asked for with ``Effect/listModels(_:)``.
    case modelsListed([ModelSummary], ModelList.Half?)
    /// A line for the log from the program itself.
    case report(String, EventLog.Severity)
    /// The program has begun.
    case launched
}

/// What the event loop is to do in the world.
enum Effect: Sendable, Equatable {
    case send(EngineRequest, note: String?)
    case cancelLoading
    case renderPreview(PreviewTicket, Frame)
    case loadTheme(String)
    case completePath(String)
    case listModels(ModelList.Half?)
    case redraw
    case suspend
    case quit(ExitReason)
}
