import Dispatch
import Logging

/// An engine whose session lives in one long-running block on a serial Dispatch queue.
///
/// One block means one thread: libtorch's gradient mode, its thread pool and its error message belong to a thread.
/// The block captures only sendable values, so the compiler checks that no tensor leaves it.
public final class EngineWorker: Engine {
    public let outbox: Outbox
    private let inbox = Inbox()
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the worker.
    /// - Parameter makeSession: called once, on the worker's thread.
    public init<Session: EngineSession>(
        outbox: Outbox = Outbox(),
        makeSession: @escaping @Sendable (_ note: @escaping @Sendable (String) -> Void) -> Session
    ) {
        self.outbox = outbox
        let (inbox, ended) = (inbox, ended)
        DispatchQueue(label: "vqclip-tui.engine", qos: .userInitiated).async {
            Self.work(makeSession { Self.note($0, outbox) }, inbox, outbox)
            ended.signal()
        }
    }

    deinit {
        // Nobody is left to send a shutdown, and a worker that waits for ever would keep its models.
        inbox.cancelLoading()
        inbox.postShutdown()
    }

    private static func note(_ text: String, _ outbox: Outbox) {
        outbox.post(.note(text))
        Logger(label: "engine").info("\(text)")
    }

    /// Ends with the session destroyed, so that whoever waits for the end may tear down what it used.
    private static func work<Session: EngineSession>(_ session: consuming Session, _ inbox: Inbox, _ outbox: Outbox) {
        var loop = WorkerLoop(session: session, inbox: inbox, outbox: outbox)
        loop.run()
    }

    @discardableResult public func send(_ command: EngineCommand) -> CommandID { inbox.post(command) }

    public func cancelLoading() { inbox.cancelLoading() }

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

/// The worker's state machine. Illegal commands are answered, never trapped on.
struct WorkerLoop<Session: EngineSession> {
    private var session: Session
    private var phase = EnginePhase.idle
    private var phaseBeforeLoad = EnginePhase.idle
    private var stepsUntilPause: Int?
    private let inbox: Inbox
    private let outbox: Outbox
    private let logger = Logger(label: "engine")

    init(session: Session, inbox: Inbox, outbox: Outbox) {
        self.session = session
        self.inbox = inbox
        self.outbox = outbox
    }

    mutating func run() {
        while true {
            let message = phase == .running ? inbox.takeIfAvailable() : inbox.take()
            switch message {
            case .shutdown: return session.finish()
            case .command(let id, let command): handle(id, command)
            case nil: makeStep()
            }
        }
    }

    private mutating func handle(_ id: CommandID, _ command: EngineCommand) {
        do {
            // In two statements: the step in the answer is to be the one after the command.
            let change = try perform(command, id)
            answer(id, .applied(change))
        } catch {
            let failure = EngineFailure(describing: error)
            answer(id, .refused(failure.description))
            if failure.kind != .cancelled { report(.failed(failure)) }
            if phase == .loading { enter(phaseAfterFailedLoad(failure)) }
        }
    }

    /// - Returns: what took effect, for the log.
    private mutating func perform(_ command: EngineCommand, _ id: CommandID) throws -> String {
        switch command {
        case .load(let choice): return try load(choice, id)
        case .start(let request): return try start(request)
        case .loadCheckpoint(let path): return try loadCheckpoint(path, id)
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
            if phase == .finished, session.step < session.totalSteps {
                enter(.paused)
            } else if phase != .finished, session.step >= session.totalSteps {
                publishFrame()
                enter(.finished)
            }
            return change
        case .savePicture(let path):
            try require(.running, .paused, .finished, else: "there is no picture yet; start a run")
            return saved(try session.savePicture(path: path))
        case .saveCheckpoint(let path):
            try require(.running, .paused, .finished, else: "there is no run to save; start one")
            return saved(try session.saveCheckpoint(path: path))
        }
    }

    /// What was loaded and painted before is still there when a load fails.
    private func phaseAfterFailedLoad(_ failure: EngineFailure) -> EnginePhase {
        switch phaseBeforeLoad {
        case .ready, .running, .paused, .finished: phaseBeforeLoad
        case .idle, .loading, .failed: failure.kind == .cancelled ? .idle : .failed
        }
    }

    private mutating func load(_ choice: ModelChoice, _ id: CommandID) throws -> String {
        phaseBeforeLoad = phase
        enter(.loading)
        let (outbox, inbox) = (outbox, inbox)
        let description = try session.load(
            choice,
            progress: { outbox.post(.loading($0)) },
            isCancelled: { inbox.isCancelled(id) }
        )
        report(.loaded(description))
        enter(.ready)
        return "loaded \(description.summary)"
    }

    private mutating func start(_ request: RunRequest) throws -> String {
        try require(.ready, .running, .paused, .finished, else: "no model is loaded; load one first")
        let description = try session.start(request)
        begin(description, with: .running)
        return "started"
    }

    private mutating func loadCheckpoint(_ path: String, _ id: CommandID) throws -> String {
        phaseBeforeLoad = phase
        enter(.loading)
        let (outbox, inbox) = (outbox, inbox)
        let modelsBefore = session.model?.choice
        let description = try session.restore(
            path: path,
            progress: { outbox.post(.loading($0)) },
            isCancelled: { inbox.isCancelled(id) }
        )
        if let model = session.model, model.choice != modelsBefore { report(.loaded(model)) }
        begin(description, with: .paused)
        return "continued from step \(description.step), paused"
    }

    private mutating func begin(_ run: RunDescription, with next: EnginePhase) {
        stepsUntilPause = nil
        report(.started(run))
        publishFrame()
        enter(run.step >= session.totalSteps ? .finished : next)
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
            } else if report.step % max(1, session.previewEvery) == 0, outbox.wantsFrames {
                publishFrame(isExact: false)
            }
            if isLast { enter(.finished) } else if pauses { enter(.paused) }
        } catch {
            report(.failed(EngineFailure(describing: error)))
            publishFrame()
            enter(.paused)
        }
    }

    private mutating func publishFrame(isExact: Bool = true) {
        do {
            if let frame = try session.frame(isExact: isExact) { outbox.publish(frame) }
        } catch {
            report(.note("no preview: \(EngineFailure(describing: error))"))
        }
    }

    private func saved(_ file: SavedFile) -> String {
        report(.saved(file))
        return "saved \(file.path)"
    }

    private func require(_ phases: EnginePhase..., else message: String) throws {
        guard phases.contains(phase) else { throw EngineFailure(.other, message) }
    }

    /// Posts an event, and writes it to the log if it is more than a figure.
    private func report(_ event: EngineEvent) {
        outbox.post(event)
        switch event {
        case .phase(let phase): logger.debug("\(phase.rawValue)")
        case .started(let run):
            logger.notice("run in \(run.folder): \(PromptParser.source(of: run.prompts))")
            for note in run.notes { logger.info("\(note)") }
        case .acknowledged(let answer):
            switch answer.outcome {
            case .applied(let change): logger.info("step \(answer.step): \(change)")
            case .refused(let reason): logger.warning("step \(answer.step): refused: \(reason)")
            }
        case .note(let text): logger.info("\(text)")
        case .failed(let failure): logger.error("\(failure)")
        case .loading, .loaded, .step, .saved: break
        }
    }

    private mutating func enter(_ next: EnginePhase) {
        guard next != phase else { return }
        phase = next
        report(.phase(next))
    }

    private func answer(_ id: CommandID, _ outcome: Acknowledgement.Outcome) {
        report(.acknowledged(Acknowledgement(command: id, step: session.step, outcome: outcome)))
    }
}
