import CCurses
import Foundation

/// How the terminal is to be taken.
struct TerminalOptions: Sendable {
    /// Receives what anybody writes to standard error, and to standard output if that is the terminal, while the screen
    /// is up; `nil` leaves both alone. The caller keeps it open.
    var logDescriptor: Int32?
    var colors = ColorPreference.auto
    /// Whether the mouse is reported, which takes the terminal's own selecting of text away.
    var usesMouse = true
    var environment = ProcessInfo.processInfo.environment
    /// Terminals to use instead of the process's own.
    var inputDescriptor: Int32?
    var outputDescriptor: Int32?

    init(logDescriptor: Int32? = nil, colors: ColorPreference = .auto, usesMouse: Bool = true) {
        self.logDescriptor = logDescriptor
        self.colors = colors
        self.usesMouse = usesMouse
    }
}

/// The time during which the workbench has the terminal: from ``enter(_:)`` to ``leave()``.
///
/// There is at most one at a time. If the process ends without leaving (`exit`, a crash), the terminal is put right
/// all the same.
@MainActor final class TerminalSession {
    /// The screen; it does nothing any more after ``leave()``.
    let terminal: CursesTerminal

    private init(terminal: CursesTerminal) { self.terminal = terminal }

    /// Takes the terminal and shows an empty screen.
    /// - Throws: ``TerminalError`` with the terminal as it was.
    static func enter(_ options: TerminalOptions) throws(TerminalError) -> TerminalSession {
        let better = ColorDepth.betterTerminalType(preference: options.colors, environment: options.environment) {
            Int(cc_terminal_colors($0))
        }
        let type = better ?? options.environment["TERM"] ?? ""
        let colors = Int(cc_terminal_colors(type))
        let depth = ColorDepth.detect(
            preference: options.colors,
            environment: options.environment,
            terminalColors: max(0, colors)
        )
        try open(options, type: type, depth: depth)
        return TerminalSession(terminal: CursesTerminal(colorDepth: depth, environment: options.environment))
    }

    private static func open(_ options: TerminalOptions, type: String, depth: ColorDepth) throws(TerminalError) {
        var message = [CChar](repeating: 0, count: 256)
        let status = type.withCString { type in
            var request = cc_options(
                input: options.inputDescriptor ?? -1,
                output: options.outputDescriptor ?? -1,
                log: options.logDescriptor ?? -1,
                uses_color: depth != .monochrome,
                uses_mouse: options.usesMouse,
                terminal_type: type
            )
            return cc_enter(&request, &message, message.count)
        }
        guard status != Int32(CC_OK) else { return }
        let kind: TerminalError.Kind =
            switch status {
            case Int32(CC_NO_TERMINAL): .noTerminal
            case Int32(CC_UNSUITABLE): .unsuitableTerminal
            default: .failed
            }
        let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        throw TerminalError(kind: kind, message: text)
    }

    /// Gives the terminal back as it was found. May be called any number of times.
    func leave() { cc_leave() }
}
