/// Why the workbench cannot have the terminal.
struct TerminalError: Error, Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable, Hashable {
        /// Input and output are redirected and the process has no terminal of its own.
        case noTerminal
        /// `TERM` is missing, unknown, or names a terminal without a movable cursor.
        case unsuitableTerminal
        /// A call failed.
        case failed
    }

    let kind: Kind
    /// What is wrong, in one line.
    let message: String

    var description: String {
        switch kind {
        case .noTerminal: "\(message); use `vqclip-tui run` to paint without a screen"
        case .unsuitableTerminal: "\(message); set TERM to your terminal's type, or use `vqclip-tui run`"
        case .failed: message
        }
    }
}
