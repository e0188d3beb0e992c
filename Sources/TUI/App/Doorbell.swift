import Glibc

/// A file descriptor that is readable while it rings, for waking a loop that polls.
final class Doorbell: Sendable {
    /// Readable from ``ring()`` until ``silence()``; -1 if the system has no more descriptors.
    let descriptor: Int32
    private let button: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (descriptor, button) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(button)
    }

    /// Any thread.
    func ring() {
        var byte: UInt8 = 1
        _ = write(button, &byte, 1)
    }

    func silence() {
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1 {}
    }
}
