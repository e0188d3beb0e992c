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
