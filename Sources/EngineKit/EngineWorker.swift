import Dispatch
import Synchronization

/// An engine whose session lives in one long-running block on a serial Dispatch queue.
///
/// One block means one thread: libtorch's gradient mode, its thread pool and its error message belong to a thread.
/// The block captures only sendable values, so the compiler checks that no tensor leaves it.
public final class EngineWorker: Engine {
    public let outbox: Outbox
    private let inbox = Inbox()
    private let control = WorkerControl()
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the worker.
    /// - Parameter makeSession: called once, on the worker's thread.
    public init<Session: EngineSession>(
        outbox: Outbox = Outbox(),
        makeSession: @escaping @Sendable (_ note: @escaping @Sendable (String) -> Void) -> Session
    ) {
        self.outbox = outbox
        let (inbox, control, ended) = (inbox, control, ended)
        DispatchQueue(label: "vqclip-tui.engine", qos: .userInitiated).async {
            var loop = WorkerLoop(
                session: makeSession { outbox.post(.note($0)) },
                inbox: inbox,
                outbox: outbox,
                control: control
            )
            loop.run()
            ended.signal()
        }
    }

    @discardableResult public func send(_ command: EngineCommand) -> CommandID { inbox.post(command) }

    public func cancelLoading() { control.loadIsCancelled.store(true, ordering: .releasing) }

    public func shutdown(timeout: Duration) -> Bool {
        cancelLoading()
        inbox.postShutdown()
        let (seconds, attoseconds) = timeout.components
        let nanoseconds = Int(clamping: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        let didEnd = ended.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success
        if didEnd { ended.signal() }
        return didEnd
    }
}

/// Flags that bypass the queue of commands.
final class WorkerControl: Sendable {
    let loadIsCancelled = Atomic<Bool>(false)
}

/// The worker's state machine. Illegal commands are answered, never trapped on.
struct WorkerLoop<Session: EngineSession> {
    private var session: Session
    private var phase = EnginePhase.idle
    private var stepsUntilPause: Int?
    private let inbox: Inbox
    private let outbox: Outbox
    private let control: WorkerControl

    init(session: Session, inbox: Inbox, outbox: Outbox, control: WorkerControl) {
        self.session = session
        self.inbox = inbox
        self.outbox = outbox
        self.control = control
    }

    mutating func run() {
        while true {
            let message = phase == .running ? inbox.takeIfAvailable() : inbox.take()
            switch message {
            case .shutdown:
                session.end()
                return
            case .command(let id, let command): handle(id, command)
            case nil: makeStep()
            }
        }
    }

    private mutating func handle(_ id: CommandID, _ command: EngineCommand) {
        do {
            // In two statements: the step in the answer is to be the one after the command.
            let change = try perform(command)
            answer(id, .applied(change))
        } catch {
            let failure = EngineFailure(describing: error)
            answer(id, .refused(failure.description))
            if case .load = command { enter(failure.kind == .cancelled ? .idle : .failed) }
            if failure.kind != .cancelled { outbox.post(.failed(failure)) }
        }
    }

    /// - Returns: what took effect, for the log.
    private mutating func perform(_ command: EngineCommand) throws -> String {
        switch command {
        case .load(let choice): return try load(choice)
        case .start(let request): return try begin { session throws in try session.start(request) }
        case .loadCheckpoint(let path):
            return try begin(paused: true) { session throws in try session.restore(path: path) }
        case .pause: return try pause()
        case .resume: return try resume()
        case .stepOnce: return try stepOnce()
        case .stop: return try stop()
        case .setPrompts(let prompts):
            try require(.running, .paused, .finished, else: "there is no run to edit; start one")
            return try session.setPrompts(prompts)
        case .setSettings(let settings):
            try require(.running, .paused, .finished, else: "there is no run to change; start one")
            let change = try session.setSettings(settings)
            if phase == .finished, session.step < session.totalSteps { enter(.paused) }
            return change
        case .savePicture(let path):
            try require(.running, .paused, .finished, else: "there is no picture yet; start a run")
            return saved(try session.savePicture(path: path))
        case .saveCheckpoint(let path):
            try require(.running, .paused, .finished, else: "there is no run to save; start one")
            return saved(try session.saveCheckpoint(path: path))
        }
    }

    private mutating func load(_ choice: ModelChoice) throws -> String {
        control.loadIsCancelled.store(false, ordering: .releasing)
        enter(.loading)
        let (outbox, control) = (outbox, control)
        let description = try session.load(
            choice,
            progress: { outbox.post(.loading($0)) },
            isCancelled: { control.loadIsCancelled.load(ordering: .acquiring) }
        )
        outbox.post(.loaded(description))
        enter(.ready)
        return "loaded \(description.summary)"
    }

    private mutating func begin(
        paused: Bool = false,
        _ body: (inout Session) throws -> RunDescription
    ) throws -> String {
        if phase == .idle || phase == .loading || phase == .failed && session.totalSteps == 0 && !paused {
            try require(.ready, else: "no model is loaded; load one first")
        }
        let description = try body(&session)
        stepsUntilPause = nil
        outbox.post(.started(description))
        publishFrame()
        enter(description.step >= session.totalSteps ? .finished : paused ? .paused : .running)
        return paused ? "continued from step \(description.step), paused" : "started"
    }

    private mutating func pause() throws -> String {
        try require(.running, .paused, else: "nothing is running")
        publishFrame()
        enter(.paused)
        return "paused"
    }

    private mutating func resume() throws -> String {
        try require(.running, .paused, .finished, else: "there is no run to resume; start one")
        guard session.step < session.totalSteps else {
            throw EngineFailure(.settings, "all \(session.totalSteps) steps are made", hint: "raise steps to go on")
        }
        stepsUntilPause = nil
        enter(.running)
        return "resumed"
    }

    private mutating func stepOnce() throws -> String {
        try require(.paused, .finished, else: "pause first, then step")
        guard session.step < session.totalSteps else {
            throw EngineFailure(.settings, "all \(session.totalSteps) steps are made", hint: "raise steps to go on")
        }
        stepsUntilPause = 1
        enter(.running)
        return "one step"
    }

    private mutating func stop() throws -> String {
        try require(.running, .paused, .finished, else: "nothing is running")
        publishFrame()
        enter(.finished)
        return "stopped"
    }

    private mutating func makeStep() {
        do {
            let report = try session.makeStep()
            outbox.post(.step(report))
            if let remaining = stepsUntilPause { stepsUntilPause = remaining - 1 }
            let isLast = report.step >= session.totalSteps
            let pauses = stepsUntilPause == 0
            if isLast || pauses {
                publishFrame()
            } else if report.step % max(1, session.previewEvery) == 0 {
                publishFrame(isExact: false)
            }
            if isLast { enter(.finished) } else if pauses { enter(.paused) }
        } catch {
            outbox.post(.failed(EngineFailure(describing: error)))
            enter(.paused)
        }
    }

    private mutating func publishFrame(isExact: Bool = true) {
        do {
            if let frame = try session.frame(isExact: isExact) { outbox.publish(frame) }
        } catch {
            outbox.post(.note("no preview: \(EngineFailure(describing: error))"))
        }
    }

    private func saved(_ file: SavedFile) -> String {
        outbox.post(.saved(file))
        return "saved \(file.path)"
    }

    private func require(_ phases: EnginePhase..., else message: String) throws {
        guard phases.contains(phase) else { throw EngineFailure(.other, message) }
    }

    private mutating func enter(_ next: EnginePhase) {
        guard next != phase else { return }
        phase = next
        outbox.post(.phase(next))
    }

    private func answer(_ id: CommandID, _ outcome: Acknowledgement.Outcome) {
        outbox.post(.acknowledged(Acknowledgement(command: id, step: session.step, outcome: outcome)))
    }
}
