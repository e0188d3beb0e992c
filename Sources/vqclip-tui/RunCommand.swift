import ArgumentParser
import Core
import Dispatch
import EngineKit
import Foundation
import Headless

/// `vqclip-tui run`: paints without a screen.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Paint without a screen and write a PNG.",
        discussion: """
            Ctrl-C stops early and saves what there is. The picture goes to the file given with -o, or else into a new \
            folder for the run, whose path is printed.

            EXAMPLES
              vqclip-tui run "a golden crown | oil painting:0.5" --steps 150 -o crown.png
              vqclip-tui run "the sea at night" --start smooth --steps 120
              vqclip-tui run "a forest" --json | jq -r 'select(.event == "step").loss'
            """
    )

    @OptionGroup var painting: PaintingOptions

    @Option(name: [.short, .long], help: "The PNG to write; an existing one is replaced.")
    var output: String?

    @Flag(help: "One JSON object a line: start, step, note, saved, done and error events.")
    var json = false

    @Flag(name: [.short, .long], help: "Print only the path of the picture, and errors.")
    var quiet = false

    func validate() throws {
        guard try !painting.parsedPrompts().isEmpty else {
            throw ValidationError("There is nothing to paint. Write what you want to see: vqclip-tui run \"a forest\"")
        }
        _ = try painting.settings()
        if json, quiet { throw ValidationError("Choose one of --json and --quiet.") }
        if let output { try OutputFile.check(output) }
    }

    func run() throws {
        let program = try Program(painting)
        try paint(program)
    }

    private func paint(_ program: Program) throws {
        let errors = LineOutput.standardError
        let output = LineOutput.standardOutput
        let interruption = Interruption()
        let ending =
            if json {
                try paint(program, interruption, JSONReporter(output: output))
            } else if quiet {
                try paint(program, interruption, QuietReporter(output: output, errors: errors))
            } else if output.isTerminal {
                try paint(program, interruption, BarReporter(output: output, errors: errors))
            } else {
                try paint(program, interruption, PlainReporter(output: output, errors: errors))
            }
        let code = Self.exitCode(ending, interruption)
        if code != 0 { throw ExitCode(code) }
    }

    private static func exitCode(_ ending: HeadlessRun.Ending, _ interruption: Interruption) -> Int32 {
        switch ending {
        case .done: 0
        case .interrupted: 128 + (interruption.signal ?? SIGINT)
        case .failed: 1
        }
    }

    private func paint(
        _ program: Program,
        _ interruption: Interruption,
        _ reporter: some RunReporter
    ) throws -> HeadlessRun.Ending {
        var reporter = reporter
        let engine: EngineWorker
        do {
            engine = try program.makeEngine()
        } catch {
            reporter.failed(EngineFailure(describing: error))
            return .failed
        }
        let sources = interruption.raise(on: [SIGINT, SIGTERM, SIGHUP])
        defer { for source in sources { source.cancel() } }
        let job = HeadlessRun.Job(
            prompts: try painting.parsedPrompts(),
            settings: program.settings,
            models: program.models,
            output: self.output
        )
        for issue in program.issues { reporter.note(issue) }
        let ending = HeadlessRun(engine: engine, interruption: interruption).run(job, reporter: &reporter)
        // A worker that is still busy must not meet the destructors of a process that exits.
        if !engine.shutdown(timeout: .seconds(5)) { _exit(Self.exitCode(ending, interruption)) }
        return ending
    }

}

/// The file named with -o.
enum OutputFile {
    /// Finds out before hours of painting whether the file could be written.
    /// - Throws: `ValidationError` that says what to do.
    static func check(_ path: String) throws {
        guard !path.isEmpty else { throw ValidationError("-o needs the name of a file, such as picture.png") }
        let url = URL(filePath: path)
        switch kind(of: url.path) {
        case nil, S_IFREG: break
        case S_IFDIR:
            let start = path.hasSuffix("/") ? path : path + "/"
            throw ValidationError("\(path) is a folder; name a file in it, such as \(start)picture.png")
        default: throw ValidationError("\(path) is a device, pipe or socket; name an ordinary file")
        }
        guard !path.hasSuffix("/") else {
            throw ValidationError("\(path) names a folder; name a file in it, such as \(path)picture.png")
        }
        if ["jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"].contains(url.pathExtension.lowercased()) {
            let suggestion = url.deletingPathExtension().lastPathComponent + ".png"
            throw ValidationError("Pictures are written as PNG; name the file \(suggestion)")
        }
        var folder = url.deletingLastPathComponent().standardizedFileURL
        // Missing folders are made when the picture is written.
        while kind(of: folder.path) == nil, folder.path != "/" { folder = folder.deletingLastPathComponent() }
        guard kind(of: folder.path) == S_IFDIR else {
            throw ValidationError("\(path) cannot be written: \(folder.path) is a file, not a folder")
        }
        guard access(folder.path, W_OK) == 0 else {
            throw ValidationError(
                "\(path) cannot be written: \(folder.path) is read-only; choose another place with -o"
            )
        }
    }

    /// What is there, as the type bits of `stat`; `nil` for nothing.
    private static func kind(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }
}
