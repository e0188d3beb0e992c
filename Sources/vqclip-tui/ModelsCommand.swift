import ArgumentParser
import EngineKit
import Foundation
import Headless
import ModelLibrary

/// `vqclip-tui models`: the weights that pictures are painted with.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List, download, import and remove models.",
        discussion: """
            EXAMPLES
              vqclip-tui models
              vqclip-tui models show sflckr
              vqclip-tui models pull sflckr
              vqclip-tui models import ~/Downloads/last.ckpt --name mine
              vqclip-tui "misty mountains" --vqgan sflckr --clip vit-b-32
            """,
        subcommands: [
            List.self, Show.self, Pull.self, Import.self, Remove.self, Path.self,
        ],
        defaultSubcommand: List.self
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the models on this machine, and those that can be pulled.",
            discussion: """
                EXAMPLES
                  vqclip-tui models list
                  vqclip-tui models list --json | jq -r 'select(.installed).name'
                """
        )

        @Flag(help: "One JSON object a model and line.")
        var json = false

        func run() throws {
            try ModelsCommand.reportingFailures(json: json) { () throws(EngineFailure) in
                let listing = ModelListing(try ModelLibrary())
                var output = LineOutput.standardOutput
                for line in json ? listing.entries.map(JSONLine.text) : listing.lines { output.line(line) }
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what is known of a model, and where it came from.",
            discussion: """
                EXAMPLES
                  vqclip-tui models show wikiart-16384
                  vqclip-tui models show ViT-B/32 --json
                """
        )

        @Argument(help: "A model's name.")
        var name: String

        @Flag(help: "One JSON object.")
        var json = false

        func run() throws {
            try ModelsCommand.reportingFailures(json: json) { () throws(EngineFailure) in
                let library = try ModelLibrary()
                let known = library.catalogue[name]
                let installed = known == nil ? try library.requireModel(named: name) : library.model(named: name)
                let entry = ModelListing.Entry(installed: installed, known: known)
                var output = LineOutput.standardOutput
                for line in json ? [JSONLine.text(entry)] : entry.lines { output.line(line) }
            }
        }
    }

    struct Path: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the folder of a model.",
            discussion: """
                EXAMPLES
                  ls -l "$(vqclip-tui models path built-in)"
                """
        )

        @Argument(help: "An installed model's name.")
        var name: String

        @Flag(help: "One JSON object.")
        var json = false

        private struct Answer: Encodable {
            let name: String
            let path: String
        }

        func run() throws {
            try ModelsCommand.reportingFailures(json: json) { () throws(EngineFailure) in
                let model = try ModelLibrary().requireModel(named: name)
                var output = LineOutput.standardOutput
                let answer = Answer(name: model.name, path: model.folder.path)
                output.line(json ? JSONLine.text(answer) : answer.path)
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a model from this machine.",
            discussion: """
                Asks first. Models that come with the program stay.

                EXAMPLES
                  vqclip-tui models remove coco
                  vqclip-tui models remove coco --yes
                """
        )

        @Argument(help: "An installed model's name.")
        var name: String

        @Flag(name: [.short, .long], help: "Do not ask.")
        var yes = false

        @Flag(help: "One JSON object; needs --yes.")
        var json = false

        private struct Answer: Encodable {
            let event = "removed"
            let name: String
            let bytes: Int64
        }

        func run() throws {
            try ModelsCommand.reportingFailures(json: json) { () throws(EngineFailure) in
                let library = try ModelLibrary()
                let model = try library.requireModel(named: name)
                let size = ByteText.size(model.bytes)
                if !yes, !model.isBuiltIn {
                    guard !json, isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else {
                        throw EngineFailure(.model, "removing \(model.name) needs a yes", hint: "add --yes")
                    }
                    print("Remove \(model.folder.path), \(size)? [y/N] ", terminator: "")
                    guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
                        print("Nothing was removed.")
                        return
                    }
                }
                try library.remove(model)
                var output = LineOutput.standardOutput
                let answer = Answer(name: model.name, bytes: model.bytes)
                output.line(json ? JSONLine.text(answer) : "removed \(model.name), \(size)")
            }
        }
    }

    private struct Failure: Encodable {
        let event = "error"
        let kind: String
        let message: String
        let hint: String?
    }

    /// Ends the program with one line on standard error when something fails, or one of JSON on standard output.
    static func reportingFailures(json: Bool, _ body: () throws(EngineFailure) -> Void) throws {
        do {
            try body()
        } catch {
            let status: Int32 = error.kind == .cancelled ? 128 + SIGINT : 1
            if json {
                var output = LineOutput.standardOutput
                let failure = Failure(kind: error.kind.rawValue, message: error.summary, hint: error.hint)
                output.line(JSONLine.text(failure))
            } else {
                var errors = LineOutput.standardError
                errors.line("vqclip-tui: \(error)")
            }
            throw ExitCode(status)
        }
    }
}
