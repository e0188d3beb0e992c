import Glibc

/// A file descriptor that takes lines. Once nobody reads any more, further lines are dropped: painting goes on.
public struct LineOutput: Sendable {
    private let descriptor: Int32
    private var isClosed = false

    public init(descriptor: Int32) {
        self.descriptor = descriptor
        // The signal would end the program at the first line after `| head` has seen enough.
        signal(SIGPIPE, SIG_IGN)
    }

    public static let standardOutput = LineOutput(descriptor: STDOUT_FILENO)
    public static let standardError = LineOutput(descriptor: STDERR_FILENO)

    /// Whether it is a terminal.
    public var isTerminal: Bool { isatty(descriptor) == 1 }

    public mutating func line(_ text: String) { write(text + "\n") }

    /// Replaces the line that the cursor is on.
    public mutating func redraw(_ text: String) { write("\r\u{1B}[K" + text) }

    private mutating func write(_ text: String) {
        guard !isClosed else { return }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno != EINTR {
                isClosed = true
                return
            }
        }
    }
}
