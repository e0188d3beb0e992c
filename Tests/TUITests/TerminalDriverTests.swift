import Foundation
import Testing

@testable import TUI

/// A terminal inside the test: what the driver writes can be read, and keys can be typed.
private struct PseudoTerminal {
    let controller: Int32
    let device: Int32

    init(columns: UInt16 = 60, rows: UInt16 = 20) throws {
        // What posix_openpt and unlockpt do; Swift's import of the C library leaves those out.
        let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        controller = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        var isLocked: Int32 = 0
        var index: UInt32 = 0
        try #require(ioctl(controller, unlock, &isLocked) == 0 && ioctl(controller, number, &index) == 0)
        device = open("/dev/pts/\(index)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(device >= 0)
        resize(columns: columns, rows: rows)
    }

    func resize(columns: UInt16, rows: UInt16) {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(controller, UInt(TIOCSWINSZ), &size)
    }

    /// All that the driver has written since the last call.
    func output() -> String {
        var result: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(controller, &bytes, bytes.count)
            guard count > 0 else { return String(decoding: result, as: UTF8.self) }
            result += bytes.prefix(count)
        }
    }

    func type(_ text: String) { _ = write(controller, text, text.utf8.count) }

    /// Input, output and local modes of the terminal, and the erase key.
    var modes: [UInt32] {
        var settings = termios()
        tcgetattr(device, &settings)
        return [settings.c_iflag, settings.c_oflag, settings.c_lflag, settings.c_cflag, UInt32(settings.c_cc.2)]
    }

    func close() {
        _ = Foundation.close(device)
        _ = Foundation.close(controller)
    }

    var options: TerminalOptions {
        var options = TerminalOptions()
        options.environment = ["TERM": "xterm-256color"]
        options.inputDescriptor = device
        options.outputDescriptor = device
        return options
    }
}

@Suite(.serialized) @MainActor struct TerminalDriverTests {
    private func screen(_ text: String, size: Size, overlay: PictureOverlay? = nil) -> Screen {
        var cells = CellBuffer(size: size)
        cells.write(text, x: 2, y: 1, style: CellStyle(.selection))
        return Screen(cells: cells, overlay: overlay)
    }

    @Test func theTerminalIsLeftAsItWasFound() throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.close() }
        let before = pseudo.modes
        let session = try TerminalSession.enter(pseudo.options)
        #expect(pseudo.modes != before)
        #expect(session.terminal.size == Size(columns: 60, rows: 20))
        let entered = pseudo.output()
        for mode in ["\u{1B}[?1049h", "\u{1B}[?2004h", "\u{1B}[?1000h"] { #expect(entered.contains(mode)) }
        session.leave()
        session.leave()
        let left = pseudo.output()
        for mode in ["\u{1B}[?1049l", "\u{1B}[?2004l", "\u{1B}[?1000l", "\u{1B}[?1l"] { #expect(left.contains(mode)) }
        #expect(pseudo.modes == before)
        #expect(session.terminal.readInput().isEmpty)
        session.terminal.present(screen("late", size: session.terminal.size), theme: .midnight)
        #expect(pseudo.output().isEmpty)
    }

    @Test func onlyWhatDiffersIsWritten() throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.close() }
        let session = try TerminalSession.enter(pseudo.options)
        defer { session.leave() }
        let terminal = session.terminal
        terminal.present(screen("painting 漢字", size: terminal.size), theme: .midnight)
        let first = pseudo.output()
        #expect(first.contains("painting 漢字"))
        #expect(first.contains("48;5;24"))
        terminal.present(screen("painting 漢字", size: terminal.size), theme: .midnight)
        #expect(pseudo.output().isEmpty)
        terminal.present(screen("painted! 漢字", size: terminal.size), theme: .midnight)
        let second = pseudo.output()
        #expect(second.contains("ed!") && !second.contains("paint"))
        terminal.invalidate()
        terminal.present(screen("painted! 漢字", size: terminal.size), theme: .midnight)
        #expect(pseudo.output().contains("painted! 漢字"))
    }

    @Test func aPictureFollowsTheCells() throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.close() }
        let session = try TerminalSession.enter(pseudo.options)
        defer { session.leave() }
        let area = Rect(x: 10, y: 5, width: 20, height: 1)
        let picture = PictureOverlay(area: area, rows: [Array("PIXELS".utf8)], serial: 1)
        let size = session.terminal.size
        session.terminal.present(screen("a", size: size, overlay: picture), theme: .midnight)
        #expect(pseudo.output().hasSuffix("\u{1B}7\u{1B}[6;11HPIXELS\u{1B}[0m\u{1B}8"))
        session.terminal.present(screen("b", size: size, overlay: picture), theme: .midnight)
        #expect(!pseudo.output().contains("PIXELS"))
        // How it is wiped (blanks or an erase) is up to ncurses.
        session.terminal.present(screen("b", size: size), theme: .midnight)
        let wiped = pseudo.output()
        #expect(!wiped.isEmpty && !wiped.contains("PIXELS"))
    }

    @Test func keysSignalsAndDescriptorsWakeTheLoop() throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.close() }
        let session = try TerminalSession.enter(pseudo.options)
        defer { session.leave() }
        let terminal = session.terminal
        #expect(terminal.wait(on: [], timeoutMilliseconds: 0) == Wakeup())

        pseudo.type("a\u{1B}[1;5A\u{03}\u{1B}")
        #expect(terminal.wait(on: [], timeoutMilliseconds: 2_000).hasInput)
        #expect(
            terminal.readInput() == [
                .key(KeyEvent(.character("a"))), .key(KeyEvent(.up, control: true)),
                .key(KeyEvent(.character("c"), control: true)), .key(KeyEvent(.escape)),
            ]
        )

        pseudo.resize(columns: 33, rows: 9)
        kill(getpid(), SIGWINCH)
        kill(getpid(), SIGTERM)
        let signals = terminal.wait(on: [], timeoutMilliseconds: 2_000).signals
        #expect(signals == [.resized, .terminate])
        #expect(terminal.size == Size(columns: 33, rows: 9))

        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { _ = close($0) } }
        _ = write(ends[1], "!", 1)
        #expect(terminal.wait(on: [ends[0]], timeoutMilliseconds: nil).readyDescriptors == [ends[0]])
    }

    @Test func aClosedTerminalIsAHangUp() throws {
        let pseudo = try PseudoTerminal()
        let session = try TerminalSession.enter(pseudo.options)
        defer { session.leave() }
        pseudo.close()
        #expect(session.terminal.wait(on: [], timeoutMilliseconds: 2_000).hasInput)
        #expect(session.terminal.readInput().isEmpty)
        #expect(session.terminal.wait(on: [], timeoutMilliseconds: 2_000).signals == [.hangUp])
        #expect(session.terminal.wait(on: [], timeoutMilliseconds: 0) == Wakeup())
    }

    @Test func standardErrorGoesToTheLogMeanwhile() throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.close() }
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { _ = close($0) } }
        var options = pseudo.options
        options.logDescriptor = ends[1]
        let session = try TerminalSession.enter(options)
        _ = write(STDERR_FILENO, "noise\n", 6)
        session.leave()
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = read(ends[0], &bytes, bytes.count)
        #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).contains("noise\n"))
    }

    @Test(arguments: [
        ("dumb", TerminalError.Kind.unsuitableTerminal), ("no-such-terminal", .unsuitableTerminal),
        ("", .unsuitableTerminal),
    ])
    func unsuitableTerminalsAreErrors(type: String, kind: TerminalError.Kind) throws {
        let pseudo = try PseudoTerminal()
        defer { pseudo.close() }
        let before = pseudo.modes
        var options = pseudo.options
        options.environment = ["TERM": type]
        let error = #expect(throws: TerminalError.self) { try TerminalSession.enter(options) }
        #expect(error?.kind == kind)
        #expect(error?.message.contains("TERM") == true && error?.description.contains("\n") == false)
        #expect(pseudo.modes == before && pseudo.output().isEmpty)
    }

    @Test func aDescriptorThatIsNoTerminalIsAnError() throws {
        var options = TerminalOptions()
        options.environment = ["TERM": "xterm-256color"]
        let null = open("/dev/null", O_RDWR)
        defer { close(null) }
        options.inputDescriptor = null
        options.outputDescriptor = null
        let error = #expect(throws: TerminalError.self) { try TerminalSession.enter(options) }
        #expect(error?.kind == .noTerminal)
    }

    // The handler that was there before gets its turn after the terminal was put right, and looks at it. It can
    // capture nothing, so the pseudo-terminal stands at fixed numbers.
    @Test func aCrashPutsTheTerminalRightFirst() async {
        await #expect(processExitsWith: .success) {
            let pseudo = try PseudoTerminal()
            try #require(dup2(pseudo.controller, 100) == 100 && dup2(pseudo.device, 101) == 101)
            signal(SIGSEGV) { _ in
                var settings = termios()
                tcgetattr(101, &settings)
                let isCooked = settings.c_lflag & UInt32(ICANON | ECHO | ISIG) == UInt32(ICANON | ECHO | ISIG)
                var bytes = [UInt8](repeating: 0, count: 65_536)
                let count = read(100, &bytes, bytes.count)
                let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
                _exit(isCooked && text.contains("\u{1B}[?1049l") && text.contains("\u{1B}[?25h") ? 0 : 9)
            }
            try await MainActor.run {
                _ = try TerminalSession.enter(pseudo.options)
                _ = pseudo.output()
                _ = raise(SIGSEGV)
            }
            _exit(8)
        }
    }
}
