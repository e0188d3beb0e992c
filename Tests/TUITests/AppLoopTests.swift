import EngineKit
import Glibc
import Preview
import ScriptedEngine
import Synchronization
import Testing

@testable import TUI

/// A terminal whose user types as soon as the screen shows what they wait for.
@MainActor final class RecordingTerminal: Terminal {
    struct Cue {
        /// Text that must be on the screen first.
        let awaits: String
        let input: [InputEvent]
        var signals: [TerminalSignal] = []
    }

    var size = Size(columns: 100, rows: 30)
    let colorDepth = ColorDepth.truecolor
    private(set) var screens = 0
    private(set) var lastText = ""
    private(set) var themes: [String] = []
    private(set) var suspensions = 0
    private(set) var isStuck = false
    /// Ends the loop after so many screens.
    var stopsAtScreen = Int.max
    private var cues: [Cue]
    private var arrived: [InputEvent] = []

    init(_ cues: [Cue]) { self.cues = cues }

    func present(_ screen: Screen, theme: Theme) {
        screens += 1
        lastText = ScreenText.text(screen)
        themes.append(theme.name)
    }

    func readInput() -> [InputEvent] {
        defer { arrived = [] }
        return arrived
    }

    func invalidate() {}

    func suspend() { suspensions += 1 }

    func wait(on descriptors: [Int32], timeoutMilliseconds: Int?) -> Wakeup {
        if screens >= stopsAtScreen { return Wakeup(signals: [.terminate, .terminate]) }
        if let cue = cues.first, lastText.contains(cue.awaits) {
            cues.removeFirst()
            arrived = cue.input
            return Wakeup(hasInput: !cue.input.isEmpty, signals: cue.signals)
        }
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let limit: Int32 = 10_000
        let count = poll(&polled, nfds_t(polled.count), timeoutMilliseconds.map { min(limit, Int32($0)) } ?? limit)
        if count == 0, timeoutMilliseconds == nil {
            // Nothing happens any more and the awaited text is not there: end the test instead of hanging.
            isStuck = true
            return Wakeup(signals: [.terminate])
        }
        return Wakeup(readyDescriptors: Set(polled.filter { $0.revents != 0 }.map(\.fd)))
    }
}

@Suite("Event loop", .serialized) @MainActor struct AppLoopTests {
    private func keys(_ chords: String) -> [InputEvent] {
        chords.split(separator: " ").compactMap { KeyEvent(notation: String($0)) }.map(InputEvent.key)
    }

    private func loop(
        _ terminal: RecordingTerminal,
        _ engine: EngineWorker,
        _ prompts: [Prompt],
        render: @escaping PictureRenderer = TestPicture.render
    ) -> WorkbenchLoop {
        Snapshot.prepareLocale()
        var options = WorkbenchOptions()
        options.prompts = prompts
        options.settings = [.steps: "100000"]
        let themes = ThemeSource(names: ["dark", "light"]) { (Theme(name: $0, styles: [:]), []) }
        return WorkbenchLoop(
            state: AppState(
                options,
                size: terminal.size,
                depth: terminal.colorDepth,
                modes: [.cells],
                themes: ThemeChoice(names: themes.names, current: "dark")
            ),
            engine: engine,
            terminal: terminal,
            keymap: Keymap(),
            themes: themes,
            render: render
        )
    }

    private func engine() -> EngineWorker { EngineWorker { ScriptedSession(stepSeconds: 0.002, note: $0) } }

    @Test func paintsEditsPausesSavesAndLeaves() {
        let engine = engine()
        let terminal = RecordingTerminal([
            .init(awaits: "running", input: keys("enter ctrl-u") + [.paste("a castle\nin snow")] + keys("enter")),
            .init(awaits: "prompt 1 reworded", input: keys("space")),
            .init(awaits: "‖ paused", input: keys("s")),
            .init(awaits: "saved /tmp/scripted/", input: keys("t ctrl-z")),
            .init(awaits: "paused", input: keys("q")),
        ])
        let loop = loop(terminal, engine, [Prompt(.text("a hut"))])
        #expect(loop.run() == .quit)
        #expect(!terminal.isStuck)
        #expect(loop.state.engine.run?.entries.map(\.prompt.label) == ["a castle in snow"])
        #expect(loop.state.preview.shown != nil)
        #expect(terminal.themes.last == "light")
        #expect(terminal.suspensions == 1)
        #expect(engine.shutdown(timeout: .seconds(5)))
    }

    @Test func aSignalSavesACheckpointAndEnds() {
        let engine = engine()
        let terminal = RecordingTerminal([.init(awaits: "not saved", input: [], signals: [.terminate])])
        let loop = loop(terminal, engine, [Prompt(.text("a hut"))])
        #expect(loop.run() == .terminated)
        #expect(!terminal.isStuck)
        #expect(loop.state.engine.savedFiles.map(\.kind) == [.checkpoint])
        #expect(engine.shutdown(timeout: .seconds(5)))
    }

    @Test func aRestartBeginsAtStepZero() {
        let engine = engine()
        let terminal = RecordingTerminal([
            .init(awaits: "not saved", input: keys("r")),
            .init(awaits: "0 started, 128×128, seed 1", input: keys("ctrl-c ctrl-c")),
        ])
        let loop = loop(terminal, engine, [Prompt(.text("a hut"))])
        #expect(loop.run() == .quit)
        #expect(!terminal.isStuck)
        #expect(loop.state.log.entries.last { $0.text.hasPrefix("started") }?.step == 0)
        #expect(engine.shutdown(timeout: .seconds(5)))
    }

    @Test func aMissingModelIsExplained() {
        let engine = engine()
        let terminal = RecordingTerminal([
            .init(awaits: "ready", input: keys("tab enter ctrl-u") + [.paste("missing")] + keys("enter")),
            .init(awaits: "no model named missing", input: keys("q")),
        ])
        let loop = loop(terminal, engine, [])
        #expect(loop.run() == .quit)
        #expect(!terminal.isStuck)
        // What was loaded before stays usable.
        #expect(loop.state.engine.model != nil)
        #expect(engine.shutdown(timeout: .seconds(5)))
    }

    @Test func screensAreNotDrawnForEveryStep() {
        let engine = engine()
        let terminal = RecordingTerminal([])
        terminal.stopsAtScreen = 20
        let loop = loop(terminal, engine, [Prompt(.text("a hut"))])
        _ = loop.run()
        // 20 screens take over half a second, in which 2 ms steps by far outnumber them.
        #expect((loop.state.engine.run?.step ?? 0) > 40)
        #expect(engine.shutdown(timeout: .seconds(5)))
    }

    @Test func theNextFrameWaitsForThePreview() {
        let engine = engine()
        let terminal = RecordingTerminal([])
        terminal.stopsAtScreen = 20
        let wanted = Mutex<[Bool]>([])
        let loop = loop(terminal, engine, [Prompt(.text("a hut"))]) { ticket, frame in
            wanted.withLock { $0.append(engine.outbox.wantsFrames) }
            return TestPicture.render(ticket, frame)
        }
        _ = loop.run()
        #expect(engine.shutdown(timeout: .seconds(5)))
        let seen = wanted.withLock { $0 }
        #expect(seen.count > 1)
        // The start's picture may be there before it is known that the run runs.
        #expect(!seen.dropFirst().contains(true))
    }

    @Test func pathsCompleteLikeAShell() throws {
        let folder = "/tmp/vqclip-tui-completion-\(getpid())"
        try #require(mkdir(folder, 0o700) == 0)
        defer { rmdir(folder) }
        try #require(mkdir(folder + "/runs", 0o700) == 0)
        defer { rmdir(folder + "/runs") }
        #expect(PathCompletion.candidates(for: folder + "/r") == [folder + "/runs/"])
        #expect(PathCompletion.candidates(for: "~/r", home: folder) == ["~/runs/"])
        #expect(PathCompletion.candidates(for: folder + "/x") == [])
    }
}
