import ArgumentParser
import Configuration
import EngineKit
import Foundation
import Headless
import ModelLibrary
import Preview
import TUI

/// `vqclip-tui [PROMPT]`: the workbench, or a headless run where there is no terminal.
struct WorkbenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workbench",
        abstract: "Open the workbench in the terminal (what happens without a subcommand)."
    )

    @OptionGroup var painting: PaintingOptions

    @Option(help: "A theme's name or file.")
    var theme: String?

    @Option(help: "How the picture is shown: auto, \(PreviewMode.allCases.map(\.rawValue).joined(separator: ", ")).")
    var preview: String?

    @Option(help: "Colours: auto, \(ColorPreference.allCases.dropFirst().map(\.rawValue).joined(separator: ", ")).")
    var color: String?

    @Flag(help: "Leave the mouse to the terminal.")
    var noMouse = false

    @Flag(help: "With a prompt: wait for the space bar before painting.")
    var paused = false

    func validate() throws {
        _ = try painting.parsedPrompts()
        _ = try painting.settings()
        if let preview { _ = try Self.previewMode(preview) }
        if let color { _ = try Self.colorPreference(color) }
    }

    func run() throws {
        guard isatty(STDOUT_FILENO) == 1, isatty(STDIN_FILENO) == 1 else { return try paintHeadless() }
        let program = try Program(painting)
        try MainActor.assumeIsolated { try openWorkbench(program) }
    }

    /// Without a terminal the same words paint all the same.
    private func paintHeadless() throws {
        var command = RunCommand()
        command.painting = painting
        command.output = nil
        command.json = false
        command.quiet = false
        try command.validate()
        try command.run()
    }

    @MainActor private func openWorkbench(_ program: Program) throws {
        let outcome: WorkbenchOutcome
        do {
            outcome = try Workbench.run(engine: try program.makeEngine(), options: options(for: program))
        } catch {
            throw CommandFailure("\(error)")
        }
        for file in outcome.savedFiles { print("saved \(file.path)") }
        switch outcome.reason {
        case .quit: if !outcome.engineHasEnded { _exit(0) }
        case .terminated: _exit(128 + SIGTERM)
        case .hungUp: _exit(128 + SIGHUP)
        }
    }

    private func options(for program: Program) throws -> WorkbenchOptions {
        var options = WorkbenchOptions()
        options.prompts = try painting.parsedPrompts()
        options.settings = program.settings
        options.models = program.models
        // A catalogue that cannot be used is reported where it is asked for.
        options.listModels = { (try? ModelLibrary())?.summaries() ?? [] }
        options.startsWhenLoaded = !paused
        options.theme = theme ?? program.configuration.theme
        options.usesMouse = !noMouse
        options.keys = program.configuration.keys
        options.logFile = program.logFile?.path
        options.runsFolder = program.folders.runs.path
        options.warnings = program.issues
        // The arguments were checked, so what cannot be used comes from the configuration.
        func usable<Value>(_ name: String?, _ read: (String) throws -> Value) -> Value? {
            do {
                return try name.map(read)
            } catch {
                options.warnings.append("\(program.folders.configurationFile.path): \(error)")
                return nil
            }
        }
        if let mode = usable(preview ?? program.configuration.preview, Self.previewMode) { options.previewMode = mode }
        if let colors = usable(color ?? program.configuration.color, Self.colorPreference) { options.colors = colors }
        return options
    }

    /// - Returns: `nil` for auto.
    private static func previewMode(_ name: String) throws -> PreviewMode? {
        if name == "auto" { return nil }
        if let mode = PreviewMode(rawValue: name) { return mode }
        let choices = PreviewMode.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("'\(name)' is not a preview mode; choose auto, \(choices)")
    }

    private static func colorPreference(_ name: String) throws -> ColorPreference {
        if let preference = ColorPreference(rawValue: name) { return preference }
        let choices = ColorPreference.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("'\(name)' is not a number of colours; choose \(choices)")
    }
}

/// A failure that ends the program with one line.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
