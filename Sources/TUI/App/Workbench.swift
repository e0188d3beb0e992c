public import EngineKit
import Foundation
import Preview

/// The workbench: the terminal front end of an engine.
public enum Workbench {
    /// How long the step in progress may take once the screen has been given back.
    private static let shutdownLimit = Duration.seconds(2)

    /// Takes the terminal, runs until the user leaves or a signal ends the program, gives the terminal back, and shuts
    /// the engine down.
    /// - Throws: an error that describes itself in one line, if the terminal cannot be had. Then nothing was started.
    @MainActor public static func run(
        engine: any Engine,
        options: WorkbenchOptions = WorkbenchOptions()
    ) throws -> WorkbenchOutcome {
        let logDescriptor = open(options.logFile ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { if logDescriptor >= 0 { close(logDescriptor) } }
        let session = try TerminalSession.enter(
            TerminalOptions(
                logDescriptor: logDescriptor >= 0 ? logDescriptor : nil,
                colors: options.colors,
                usesMouse: options.usesMouse
            )
        )
        let loop = makeLoop(engine, options, session.terminal)
        let reason = loop.run()
        session.leave()
        return WorkbenchOutcome(
            reason: reason,
            savedFiles: loop.state.engine.savedFiles,
            engineHasEnded: engine.shutdown(timeout: shutdownLimit)
        )
    }

    @MainActor private static func makeLoop(
        _ engine: any Engine,
        _ options: WorkbenchOptions,
        _ terminal: CursesTerminal
    ) -> WorkbenchLoop {
        let depth = terminal.colorDepth
        let detected = PreviewMode.detect(environment: ProcessInfo.processInfo.environment)
        let modes = PreviewMode.offered(chosen: options.previewMode, detected: detected, depth: depth)
        let loader = ThemeLoader()
        let name = options.theme ?? ThemeLoader.preferredName(for: depth)
        let renderer = PreviewRenderer()
        return WorkbenchLoop(
            state: AppState(
                options,
                size: terminal.size,
                depth: depth,
                modes: modes,
                themes: ThemeChoice(names: loader.available(), current: name)
            ),
            engine: engine,
            terminal: terminal,
            keymap: Keymap(overrides: options.keys),
            themes: ThemeSource(names: loader.available()) { name in
                let (theme, issues) = loader.load(name)
                return (theme, issues.map(\.description))
            },
            listModels: options.listModels,
            render: { ticket, frame in
                let cell = CellPixels.current
                return try renderer.render(
                    PreviewRequest(
                        frame: frame,
                        columns: ticket.columns,
                        rows: ticket.rows,
                        mode: ticket.mode,
                        depth: ticket.depth,
                        cellAspect: Double(cell.width) / Double(cell.height),
                        cellPixelWidth: cell.width,
                        cellPixelHeight: cell.height
                    )
                )
            }
        )
    }
}

extension PreviewMode {
    /// The modes that the preview key goes through, the one to begin with first: what works everywhere, and what the
    /// user or the environment says this terminal can do.
    static func offered(chosen: PreviewMode?, detected: PreviewMode, depth: ColorDepth) -> [PreviewMode] {
        let best = depth == .truecolor || detected.isPixelProtocol && depth != .monochrome ? detected : .cells
        var modes = [chosen ?? best]
        let others: [PreviewMode] = depth == .truecolor ? [best, .truecolor, .cells, .off] : [best, .cells, .off]
        for mode in others where !modes.contains(mode) { modes.append(mode) }
        return modes
    }
}

/// Pixels of a character cell.
private struct CellPixels {
    let width: Int
    let height: Int

    /// What the terminal says, or a common size if it says nothing believable.
    static var current: CellPixels {
        let unknown = CellPixels(width: 10, height: 20)
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return unknown }
        defer { close(terminal) }
        var size = winsize()
        guard ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return unknown }
        let (width, height) = (Int(size.ws_xpixel) / Int(size.ws_col), Int(size.ws_ypixel) / Int(size.ws_row))
        guard (2...200).contains(width), (2...400).contains(height),
            (0.2...1.5).contains(Double(width) / Double(height))
        else { return unknown }
        return CellPixels(width: width, height: height)
    }
}
