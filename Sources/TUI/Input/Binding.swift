/// A row of the binding table, from which the footer, the help, the palette and `docs/keys.md` are made.
struct Binding: Sendable, Equatable {
    let contexts: [KeyContext]
    let command: Command
    /// The first one is shown; empty means the palette alone reaches the command.
    var chords: [KeyEvent]
    /// One or two words for the footer.
    let title: String
    /// One line for the help.
    let help: String
    /// The order in the footer, the most important first; `nil` keeps it out.
    let footerRank: Int?

    init(
        _ contexts: [KeyContext],
        _ command: Command,
        _ chords: String,
        _ title: String,
        _ help: String,
        footer: Int? = nil
    ) {
        self.contexts = contexts
        self.command = command
        self.chords = chords.split(separator: " ").compactMap { KeyEvent(notation: String($0)) }
        self.title = title
        self.help = help
        footerRank = footer
    }
}

extension Binding {
    /// The bindings that come with the program.
    static let standard: [Binding] = prompts + settings + lists + run + workbench + questions + text

    private static let prompts: [Binding] = [
        Binding([.prompts], .edit, "enter e", "edit", "Edit the selected prompt", footer: 1),
        Binding([.workbench], .addPrompt, "a", "add", "Write a new prompt", footer: 2),
        Binding([.prompts], .deletePrompt, "d delete", "delete", "Delete the selected prompt", footer: 4),
        Binding([.prompts], .undo, "u", "undo", "Take back the last change of the prompts", footer: 10),
        Binding([.prompts], .weightUp, "+ =", "weight up", "Raise the weight by 0.1"),
        Binding([.prompts], .weightDown, "- _", "weight down", "Lower the weight by 0.1"),
        Binding([.prompts], .mute, "m", "mute", "Mute the prompt, or let it speak again", footer: 8),
        Binding([.prompts], .solo, "o", "solo", "Listen to this prompt alone, or to all again", footer: 9),
        Binding([.prompts], .movePromptDown, "J", "move down", "Move the prompt down"),
        Binding([.prompts], .movePromptUp, "K", "move up", "Move the prompt up"),
    ]

    private static let settings: [Binding] = [
        Binding([.settings], .edit, "enter e", "edit", "Edit the selected setting", footer: 1),
        Binding([.settings], .choosePrevious, "left h", "previous value", "Take the previous of the setting's values"),
        Binding([.settings], .chooseNext, "right l", "next value", "Take the next of the setting's values"),
        Binding(
            [.settings],
            .resetSetting,
            "backspace",
            "reset",
            "Forget your value: back to the model's or the default",
            footer: 4
        ),
    ]

    private static let lists: [Binding] = [
        Binding([.prompts, .settings, .log, .help, .models], .selectPrevious, "up k", "up", "One line up"),
        Binding([.prompts, .settings, .log, .help, .models], .selectNext, "down j", "down", "One line down"),
        Binding([.prompts, .settings, .log, .help, .models], .selectFirst, "home g", "first", "To the first line"),
        Binding([.prompts, .settings, .log, .help, .models], .selectLast, "end G", "last", "To the last line"),
        Binding([.prompts, .settings, .log, .help, .models], .pageUp, "page-up", "page up", "A page up"),
        Binding([.prompts, .settings, .log, .help, .models], .pageDown, "page-down", "page down", "A page down"),
    ]

    private static let run: [Binding] = [
        Binding([.workbench], .toggleRun, "space", "start", "Start, pause or resume the run", footer: 0),
        Binding([.workbench], .savePicture, "s", "save", "Save the picture as PNG in the run's folder", footer: 3),
        Binding([.workbench], .stepOnce, "n", "step", "Make one step and pause again"),
        Binding([.workbench], .stop, "x", "stop", "Stop the run; its picture stays"),
        Binding([.workbench], .restart, "r", "restart", "Start a new run with the next seed", footer: 11),
        Binding([.workbench], .saveCheckpoint, "c", "checkpoint", "Save all that is needed to go on exactly"),
        Binding([.workbench], .loadCheckpoint, "C", "load checkpoint", "Continue from a checkpoint file"),
        Binding([.workbench], .loadModel, "L", "load model", "Load the chosen models again"),
        Binding([.workbench], .models, "M", "models", "List the installed models, and load another", footer: 12),
        Binding([.workbench], .cancelLoading, "esc", "cancel", "Give up loading the models", footer: 1),
    ]

    private static let workbench: [Binding] = [
        Binding([.workbench], .nextPane, "tab", "pane", "To the next pane", footer: 5),
        Binding([.workbench], .previousPane, "shift-tab", "pane back", "To the previous pane"),
        Binding([.workbench], .zoom, "z", "zoom", "Give the whole screen to this pane, or share it again"),
        Binding([.workbench], .cycleTheme, "t", "theme", "Next theme"),
        Binding([.workbench], .cyclePreview, "p", "preview", "Next way to show the picture"),
        Binding([.workbench], .palette, ":", "commands", "Find a command by name", footer: 6),
        Binding([.workbench], .help, "? f1", "help", "Show all keys", footer: 0),
        Binding([.workbench], .quit, "q", "quit", "Leave; asks if something would be lost", footer: 7),
        Binding([.anywhere], .interrupt, "ctrl-c", "quit", "Leave likewise; twice leaves at once"),
        Binding([.anywhere], .suspend, "ctrl-z", "suspend", "Back to the shell until `fg`"),
        Binding([.anywhere], .redraw, "ctrl-l", "redraw", "Draw the whole screen again"),
    ]

    private static let questions: [Binding] = [
        Binding([.editor, .path, .chooser], .accept, "enter", "accept", "Take what is written", footer: 0),
        Binding([.palette], .accept, "enter", "run", "Run the selected command", footer: 0),
        Binding(
            [.editor, .path, .chooser, .palette],
            .cancel,
            "esc ctrl-g",
            "cancel",
            "Leave it as it was",
            footer: 1
        ),
        Binding([.models], .accept, "enter", "use", "Load the selected model", footer: 0),
        Binding([.models], .cancel, "esc q M ctrl-g", "close", "Close the list", footer: 1),
        Binding([.confirmation], .cancel, "esc ctrl-g", "no", "Do nothing", footer: 0),
        Binding([.help], .cancel, "esc q ? f1 enter", "close", "Close the help", footer: 1),
        Binding([.chooser], .choosePrevious, "left up h k", "previous", "The previous value", footer: 2),
        Binding([.chooser], .chooseNext, "right down space l j", "next", "The next value", footer: 3),
        Binding([.path], .complete, "tab", "complete", "Complete the path, then go through the matches", footer: 2),
        Binding([.palette], .previousMatch, "up ctrl-p", "up", "The command above"),
        Binding([.palette], .nextMatch, "down ctrl-n tab", "down", "The command below", footer: 2),
    ]

    private static let lines: [KeyContext] = [.editor, .palette, .path]

    private static let text: [Binding] = [
        Binding(lines, .cursorLeft, "left ctrl-b", "left", "One character to the left"),
        Binding(lines, .cursorRight, "right ctrl-f", "right", "One character to the right"),
        Binding(lines, .wordLeft, "alt-b ctrl-left alt-left", "word left", "One word to the left"),
        Binding(lines, .wordRight, "alt-f ctrl-right alt-right", "word right", "One word to the right"),
        Binding(lines, .lineStart, "ctrl-a home", "start", "To the start of the line"),
        Binding(lines, .lineEnd, "ctrl-e end", "end", "To the end of the line"),
        Binding(lines, .deleteBefore, "backspace ctrl-h", "delete", "Delete the character before the cursor"),
        Binding(lines, .deleteAfter, "delete ctrl-d", "delete after", "Delete the character under the cursor"),
        Binding(lines, .deleteWordBefore, "ctrl-w alt-backspace", "delete word", "Delete the word before the cursor"),
        Binding(lines, .deleteWordAfter, "alt-d", "delete word after", "Delete the word after the cursor"),
        Binding(lines, .deleteToStart, "ctrl-u", "delete to start", "Delete back to the start of the line"),
        Binding(lines, .deleteToEnd, "ctrl-k", "delete to end", "Delete to the end of the line"),
        Binding(lines, .yank, "ctrl-y", "insert deleted", "Insert again what was deleted last"),
    ]
}
