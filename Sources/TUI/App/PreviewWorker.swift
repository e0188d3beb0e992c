import Dispatch
import EngineKit
import Preview
import Synchronization

/// Turns a frame into a picture for the terminal. Called on the preview queue alone.
typealias PictureRenderer = @Sendable (PreviewTicket, Frame) throws -> PreviewPicture

/// Renders previews off the main thread, one at a time; of the requests that wait, only the latest is kept.
final class PreviewWorker: Sendable {
    enum Answer: Sendable {
        case rendered(PreviewTicket, PreviewPicture)
        case failed(PreviewTicket, String)
    }

    private struct Desk {
        var waiting: (ticket: PreviewTicket, frame: Frame)?
        var isBusy = false
        var answer: Answer?
    }

    private let desk = Mutex(Desk())
    private let doorbell = Doorbell()
    private let queue = DispatchQueue(label: "vqclip-tui.preview", qos: .utility)
    private let render: PictureRenderer

    init(_ render: @escaping PictureRenderer) { self.render = render }

    /// Readable while an answer waits.
    var descriptor: Int32 { doorbell.descriptor }

    func request(_ ticket: PreviewTicket, _ frame: Frame) {
        let wasIdle = desk.withLock { desk in
            desk.waiting = (ticket, frame)
            defer { desk.isBusy = true }
            return !desk.isBusy
        }
        if wasIdle { queue.async { self.work() } }
    }

    /// The latest answer, once.
    func takeAnswer() -> Answer? {
        desk.withLock { desk in
            doorbell.silence()
            defer { desk.answer = nil }
            return desk.answer
        }
    }

    private func work() {
        while let (ticket, frame) = next() {
            let answer: Answer
            do {
                answer = .rendered(ticket, try render(ticket, frame))
            } catch {
                answer = .failed(ticket, EngineFailure(describing: error).description)
            }
            desk.withLock { desk in
                desk.answer = answer
                doorbell.ring()
            }
        }
    }

    private func next() -> (PreviewTicket, Frame)? {
        desk.withLock { desk in
            defer { desk.waiting = nil }
            if desk.waiting == nil { desk.isBusy = false }
            return desk.waiting
        }
    }
}
