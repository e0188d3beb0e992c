import EngineKit
import Preview

/// The panes of the workbench, in the order of the tab key.
enum Pane: String, Sendable, CaseIterable {
    case prompts, settings, loss, log, picture

    var context: KeyContext {
        switch self {
        case .prompts: .prompts
        case .settings: .settings
        case .loss: .loss
        case .log: .log
        case .picture: .picture
        }
    }

    func next(_ offset: Int) -> Pane {
        let all = Pane.allCases
        let index = all.firstIndex(of: self) ?? 0
        return all[(index + offset + all.count) % all.count]
    }
}

/// Everything that the screen shows and that decides what a key does.
struct AppState: Sendable, Equatable {
    var size: Size
    var focus = Pane.prompts
    /// The focused pane has the screen to itself.
    var isZoomed = false
    /// A prompt or setting being edited in place.
    var editor: Editor?
    /// What lies over the panes.
    var overlay: Overlay?
    /// One line for the user until the next key.
    var notice: Notice?
    var prompts: PromptList
    var settings: SettingsDraft
    var engine = EngineState()
    var history = LossHistory()
    var log = EventLog()
    var preview: PreviewState
    var themes: ThemeChoice
    /// Set while the program waits for a file to be written before it ends.
    var leaving: Leaving?
    /// Where checkpoints are looked for at first, with a slash at the end.
    var runsFolder = ""

    var context: KeyContext {
        if let overlay { return overlay.context }
        if let editor { return editor.context }
        return focus.context
    }

    /// Whether the run has made steps since its picture or state was last saved.
    var hasUnsavedSteps: Bool { engine.run.map { $0.step > $0.savedStep } ?? false }

    /// Whether prompts and settings have someone to be sent to.
    var canEditRun: Bool {
        guard engine.run != nil, !engine.isBeginningRun, !engine.isLoading else { return false }
        return [.running, .paused, .finished].contains(engine.phase)
    }
}

/// A line under the panes.
struct Notice: Sendable, Equatable {
    var text: String
    var severity: EventLog.Severity
}

/// The themes to choose from and the one in use.
struct ThemeChoice: Sendable, Equatable {
    var names: [String]
    var current: String

    /// The theme after the present one.
    var next: String? {
        guard !names.isEmpty else { return nil }
        guard let index = names.firstIndex(of: current) else { return names.first }
        return names[(index + 1) % names.count]
    }
}

/// Why the program ends, and what it waits for.
struct Leaving: Sendable, Equatable {
    var reason: ExitReason
    /// The file whose acknowledgement is awaited.
    var awaits: EngineRequest
}

/// Why the workbench ended.
public enum ExitReason: Sendable, Equatable {
    /// The user left.
    case quit
    /// SIGTERM or SIGINT.
    case terminated
    /// The terminal is gone.
    case hungUp
}

/// The picture pane's content.
struct PreviewState: Sendable, Equatable {
    var mode: PreviewMode
    /// The modes that the preview key goes through.
    var modes: [PreviewMode]
    var depth: PreviewDepth
    var frame: Frame?
    /// Counts frames; 0 before the first.
    var serial = 0
    /// The last ticket handed to the renderer.
    var requested: PreviewTicket?
    var shown: RenderedPicture?
    /// Why the last picture could not be drawn.
    var problem: String?
}

/// Tells one preview from another, so that late answers can be dropped.
struct PreviewTicket: Sendable, Hashable {
    var serial: Int
    /// Cells offered.
    var columns: Int
    var rows: Int
    var mode: PreviewMode
    var depth: PreviewDepth

    /// Whether the two differ in nothing but the frame.
    func hasSameShape(as other: PreviewTicket) -> Bool {
        var copy = self
        copy.serial = other.serial
        return copy == other
    }
}

struct RenderedPicture: Sendable, Equatable {
    var ticket: PreviewTicket
    var picture: PreviewPicture
    /// Differs between any two pictures shown.
    var number: UInt64
}
