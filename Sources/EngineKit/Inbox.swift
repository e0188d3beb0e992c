import Dispatch
import Synchronization

/// Commands on their way to the worker, in order.
final class Inbox: Sendable {
    enum Message: Sendable {
        case command(CommandID, EngineCommand)
        case shutdown
    }

    private struct Queue {
        var messages: [Message] = []
        var nextID: UInt64 = 1
    }

    private let queue = Mutex(Queue())
    /// Loads up to this identity are to be given up. Beside the queue, because the worker asks while it is loading.
    private let cancelledThrough = Atomic<UInt64>(0)
    private let available = DispatchSemaphore(value: 0)

    func post(_ command: EngineCommand) -> CommandID {
        let id = queue.withLock { queue in
            let id = CommandID(queue.nextID)
            queue.nextID += 1
            queue.messages.append(.command(id, command))
            return id
        }
        available.signal()
        return id
    }

    /// Gives up every load posted so far, whether or not it has begun.
    func cancelLoading() {
        cancelledThrough.max(queue.withLock { $0.nextID - 1 }, ordering: .acquiringAndReleasing)
    }

    func isCancelled(_ id: CommandID) -> Bool { id.value <= cancelledThrough.load(ordering: .acquiring) }

    func postShutdown() {
        queue.withLock { $0.messages.append(.shutdown) }
        available.signal()
    }

    /// Waits for the next message.
    func take() -> Message {
        while true {
            available.wait()
            if let message = pop() { return message }
        }
    }

    /// The next message if there is one.
    func takeIfAvailable() -> Message? {
        guard available.wait(timeout: .now()) == .success else { return nil }
        return pop()
    }

    private func pop() -> Message? {
        queue.withLock { $0.messages.isEmpty ? nil : $0.messages.removeFirst() }
    }
}
