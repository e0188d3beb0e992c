/// How many colours the terminal shows.
enum ColorDepth: Int, Sendable, Comparable, CaseIterable {
    case monochrome, ansi16, indexed256, truecolor

    static func < (a: ColorDepth, b: ColorDepth) -> Bool { a.rawValue < b.rawValue }
}

/// A complete screen, as the root view makes it.
struct Screen: Sendable, Equatable {
    var cells: CellBuffer
    /// Where the text cursor stands, if it is to be seen.
    var cursor: Position?
    /// A picture to write straight to the terminal over the cells (truecolor symbols, sixel, kitty, iTerm2), if that
    /// preview mode is on. The cells under its area are blank.
    var overlay: PictureOverlay?

    struct Position: Sendable, Hashable {
        var x: Int
        var y: Int
    }
}

/// Bytes that draw a picture over a rectangle of cells.
struct PictureOverlay: Sendable, Equatable {
    var area: Rect
    /// One entry per row of cells for symbols; a single entry, drawn at the area's top left, for pixel protocols.
    var rows: [[UInt8]]
    /// Changes whenever the bytes do.
    var serial: UInt64
}

/// What the process was told from outside.
enum TerminalSignal: Sendable, Hashable {
    case resized
    /// SIGTERM or SIGINT from outside: end in good order.
    case terminate
    /// SIGHUP: the terminal is gone; end in good order without it.
    case hangUp
    /// Back in the foreground after a suspension.
    case resumed
}

/// Why ``Terminal/wait(on:timeoutMilliseconds:)`` returned; all empty when the time ran out.
struct Wakeup: Sendable, Hashable {
    var hasInput = false
    var readyDescriptors: Set<Int32> = []
    var signals: [TerminalSignal] = []
}

/// The seam between the workbench and the screen; the tests have one that records.
@MainActor protocol Terminal: AnyObject {
    var size: Size { get }
    var colorDepth: ColorDepth { get }
    /// Draws what differs from the last screen presented.
    func present(_ screen: Screen, theme: Theme)
    /// Takes all input that has arrived, in order.
    func readInput() -> [InputEvent]
    /// Forgets what is on the screen, so that the next ``present(_:theme:)`` draws everything.
    func invalidate()
    /// Sleeps until there is input, a signal, or one of the descriptors is readable.
    /// - Parameter timeoutMilliseconds: `nil` waits for ever.
    func wait(on descriptors: [Int32], timeoutMilliseconds: Int?) -> Wakeup
    /// Gives the terminal back and stops the process (Ctrl-Z); returns once it is in the foreground again.
    func suspend()
}
