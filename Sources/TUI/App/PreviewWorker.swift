import Dispatch
import EngineKit
import Glibc
import Preview
import Synchronization

/// Turns a frame into a picture for the terminal. Called on the preview thread alone.
typealias PictureRenderer = @Sendable (PreviewTicket, Frame) throws -> PreviewPicture

/// Renders previews off the main thread, one at a time; of the requests that wait, only the latest is kept.
///
/// The thread has the lowest priority there is, since an operation of the engine ends with its slowest thread.
final class PreviewWorker: Sendable {
    enum Answer: Sendable {
        case rendered(PreviewTicket, PreviewPicture)
        case failed(PreviewTicket, String)

        var ticket: PreviewTicket {
            switch self {
            case .rendered(let ticket, _), .failed(let ticket, _): ticket
            }
        }
    }

    /// What the two threads share.
    private final class Desk: Sendable {
        struct Content {
            var waiting: (ticket: PreviewTicket, frame: Frame)?
            var answer: (answer: Answer, processorSeconds: Double)?
            var isClosed = false
        }

        let content = Mutex(Content())
        let doorbell = Doorbell()
        /// Counts what the thread has to look at.
        let work = DispatchSemaphore(value: 0)
    }

    private let desk = Desk()

    init(_ render: @escaping PictureRenderer) {
        let desk = desk
        // One block for as long as there is a worker: a priority belongs to a thread, and cannot be raised again.
        DispatchQueue(label: "vqclip-tui.preview", qos: .utility).async {
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            Self.serve(desk, render)
        }
    }

    deinit {
        desk.content.withLock { $0.isClosed = true }
        desk.work.signal()
    }

    /// Readable while an answer waits.
    var descriptor: Int32 { desk.doorbell.descriptor }

    func request(_ ticket: PreviewTicket, _ frame: Frame) {
        desk.content.withLock { $0.waiting = (ticket, frame) }
        desk.work.signal()
    }

    /// The latest answer, once, and the processor time that it took.
    func takeAnswer() -> (answer: Answer, processorSeconds: Double)? {
        desk.content.withLock { content in
            desk.doorbell.silence()
            defer { content.answer = nil }
            return content.answer
        }
    }

    private static func serve(_ desk: Desk, _ render: PictureRenderer) {
        while true {
            desk.work.wait()
            let (isClosed, waiting) = desk.content.withLock { content in
                defer { content.waiting = nil }
                return (content.isClosed, content.waiting)
            }
            if isClosed { return }
            // Another request may have been served in this one's place.
            guard let (ticket, frame) = waiting else { continue }
            let begun = processorSeconds()
            let answer: Answer
            do {
                answer = .rendered(ticket, try render(ticket, frame))
            } catch {
                answer = .failed(ticket, EngineFailure(describing: error).description)
            }
            let taken = processorSeconds() - begun
            desk.content.withLock { content in
                content.answer = (answer, taken)
                desk.doorbell.ring()
            }
        }
    }

    /// Of this thread; what it waits for the engine's threads does not count.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
