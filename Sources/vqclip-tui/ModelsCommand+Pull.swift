import ArgumentParser
import EngineKit
import Foundation
import Headless
import ModelLibrary

/// What pulling and importing can be told.
struct ImportArguments: ParsableArguments {
    @Flag(help: "Replace a model of that name.")
    var replace = false

    @Flag(help: "Store the weights as float16: half the size, and about three digits.")
    var half = false

    @Flag(help: "One JSON object a line: progress, note, done and error events.")
    var json = false

    func options(name: String?) -> ImportOptions {
        ImportOptions(name: name, replaces: replace, isHalf: half, tool: "vqclip-tui \(VQClipTUI.version)")
    }
}

extension ModelsCommand {
    struct Pull: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Download a model, and keep what a run needs of it.",
            discussion: """
                It goes on where it was interrupted, tries one address after the other, and checks sizes and sums. The \
                downloaded file is removed when the model is imported.

                EXAMPLES
                  vqclip-tui models pull sflckr
                  vqclip-tui models pull vit-b-32 --half
                  vqclip-tui models pull wikiart-16384 --from https://example.org/wikiart.ckpt
                """
        )

        @Argument(help: "A name that 'vqclip-tui models list' shows.")
        var name: String

        @OptionGroup var importing: ImportArguments

        @Option(help: "Another address to take it from: https, or http on this machine.")
        var from: String?

        @Option(help: ArgumentHelp("The SHA-256 that the weights must have.", valueName: "hex"))
        var sha256: String?

        @Flag(help: "Keep the downloaded file.")
        var keep = false

        @Option(help: "Seconds without a byte after which a connection is given up.")
        var stall = 60

        @Option(help: "How often in a row an address may fail without sending anything new.")
        var tries = 5

        @Option(help: "Seconds before the second try; each further one waits twice as long.")
        var retryWait = 2.0

        func validate() throws {
            guard (1...86_400).contains(stall) else { throw ValidationError("--stall takes 1 to 86400 seconds.") }
            guard (1...1000).contains(tries) else { throw ValidationError("--tries takes 1 to 1000.") }
            guard (0...3600).contains(retryWait) else { throw ValidationError("--retry-wait takes 0 to 3600 seconds.") }
            if let sha256, sha256.count != 64 || !sha256.allSatisfy(\.isHexDigit) {
                throw ValidationError("--sha256 takes 64 hexadecimal digits.")
            }
        }

        func run() throws {
            let options = PullOptions(
                from: from,
                sha256: sha256?.lowercased(),
                keepsDownload: keep,
                download: DownloadOptions(stallSeconds: stall, tries: tries, retrySeconds: retryWait),
                importing: importing.options(name: nil)
            )
            try ModelsCommand.observing(json: importing.json) { (observer) throws(EngineFailure) in
                let pulled = try ModelLibrary().pull(name, options: options, observer: observer)
                return Done(pulled.model, wasThere: pulled.wasThere, keptFile: pulled.keptFile)
            }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep what a run needs of a weight file of yours.",
            discussion: """
                Takes a VQGAN or CLIP in any format that the program reads, or a folder with one of each, and makes a \
                model of it: weights as safetensors, and the vocabulary that lies beside them. The file stays.

                EXAMPLES
                  vqclip-tui models import ~/Downloads/last.ckpt --name mine
                  vqclip-tui models import ViT-B-32.pt --half
                """
        )

        @Argument(help: "A weight file, or a folder with one.", completion: .file())
        var file: String

        @Option(help: "The model's name; by default the file's.")
        var name: String?

        @OptionGroup var importing: ImportArguments

        func run() throws {
            try ModelsCommand.observing(json: importing.json) { (observer) throws(EngineFailure) in
                let path = NSString(string: file).expandingTildeInPath
                let options = importing.options(name: name)
                let model = try ModelLibrary().importModel(
                    from: URL(filePath: path),
                    options: options,
                    observer: observer
                )
                return Done(model, wasThere: false, keptFile: nil)
            }
        }
    }

    /// The last line of pulling and importing.
    struct Done: Encodable {
        let event = "done"
        let model: InstalledModel
        let wasThere: Bool
        let keptFile: String?

        init(_ model: InstalledModel, wasThere: Bool, keptFile: String?) {
            self.model = model
            self.wasThere = wasThere
            self.keptFile = keptFile
        }

        var lines: [String] {
            let kinds = model.kinds.map(\.title).joined(separator: " + ")
            let options = model.kinds.map { "--\($0.rawValue) \(model.name)" }.joined(separator: " ")
            let state =
                wasThere
                ? "is there already; --replace pulls it again" : "is there: \(kinds), \(ByteText.size(model.bytes))"
            let kept = keptFile.map { ["kept \($0)"] } ?? []
            return ["\(model.name) \(state)"] + kept + ["use it with: \(options)"]
        }
    }

    /// Reports what happens, and stops in good order at a signal.
    static func observing(json: Bool, _ body: (ModelObserver) throws(EngineFailure) -> Done) throws {
        let output = LineOutput.standardOutput
        let interruption = Interruption()
        let sources = interruption.raise(on: [SIGINT, SIGTERM, SIGHUP])
        defer { for source in sources { source.cancel() } }
        var reporter = ModelReporter(style: json ? .json : output.isTerminal ? .bar : .lines, output: output)
        let observer = ModelObserver(report: { reporter.report($0) }, isCancelled: { interruption.isRaised })
        defer { reporter.clear() }
        try reportingFailures(json: json) { () throws(EngineFailure) in
            let done: Done
            do throws(EngineFailure) {
                done = try body(observer)
            } catch {
                reporter.clear()
                throw error
            }
            reporter.clear()
            var output = output
            for line in json ? [JSONLine.text(done)] : done.lines { output.line(line) }
        }
    }
}
