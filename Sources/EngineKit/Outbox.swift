import Glibc
import Synchronization

/// The engine's way out: events in order, the latest frame, and a file descriptor that becomes readable when there is
/// something to take.
///
/// Lifecycle events are never dropped. Step reports are coalesced once a reader is far behind: the oldest go first.
public final class Outbox: Sendable {
    private struct Content {
        var events: [EngineEvent] = []
        var frame: Frame?
        var stepReports = 0

        var isEmpty: Bool { events.isEmpty && frame == nil }

        mutating func dropOldestStepReport() {
            let index = events.firstIndex { if case .step = $0 { true } else { false } }
            if let index {
                events.remove(at: index)
                stepReports -= 1
            }
        }
    }

    /// More step reports than this wait only for a reader that has stalled.
    private static let stepReportLimit = 4096

    private let content = Mutex(Content())
    private let framesRestUntil = Mutex<ContinuousClock.Instant?>(nil)

    /// Readable from the first entry until ``drain()``. Poll it; never read it directly.
    public let doorbell: Int32
    private let doorbellButton: Int32

    public init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        (doorbell, doorbellButton) = (ends[0], ends[1])
    }

    deinit {
        close(doorbell)
        close(doorbellButton)
    }

    /// Adds an event. Any thread.
    public func post(_ event: EngineEvent) {
        content.withLock { content in
            if content.isEmpty { ring() }
            if case .step = event {
                content.stepReports += 1
                if content.stepReports > Self.stepReportLimit { content.dropOldestStepReport() }
            }
            content.events.append(event)
        }
    }

    /// Replaces the frame that waits to be taken. Any thread.
    public func publish(_ frame: Frame) {
        content.withLock { content in
            if content.isEmpty { ring() }
            content.frame = frame
        }
    }

    /// Whether a frame of a step on the way is wanted now. Those of a pause and of the end always are.
    public var wantsFrames: Bool {
        framesRestUntil.withLock { $0.map { $0 <= .now } ?? true }
    }

    /// Asks for no frames of steps on the way for some time, since making and showing them takes from the steps.
    public func restFrames(for duration: Duration) {
        framesRestUntil.withLock { $0 = .now + duration }
    }

    /// Takes everything and silences the doorbell.
    public func drain() -> (events: [EngineEvent], frame: Frame?) {
        content.withLock { content in
            var byte: UInt8 = 0
            while read(doorbell, &byte, 1) == 1 {}
            defer { content = Content() }
            return (content.events, content.frame)
        }
    }

    /// Waits until there is something to take.
    /// - Returns: `false` when the time ran out first.
    public func wait(timeout: Duration) -> Bool {
        var descriptor = pollfd(fd: doorbell, events: Int16(POLLIN), revents: 0)
        let (seconds, attoseconds) = timeout.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        return poll(&descriptor, 1, Int32(clamping: milliseconds)) > 0
    }

    /// Rings, and silences, only under the lock: a doorbell that is readable has something behind it.
    private func ring() {
        var byte: UInt8 = 1
        _ = write(doorbellButton, &byte, 1)
    }
}
