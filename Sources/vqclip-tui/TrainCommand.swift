import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless
import Torch
import Training

/// `vqclip-tui train`: models of one's own.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a VQGAN or a CLIP on a folder of pictures.",
        discussion: """
            The same command continues a run that was stopped or killed, and so does --resume with the folder alone. \
            Pictures may have captions: a metadata.jsonl or metadata.csv with file_name and text, a .txt file beside \
            each picture, or the words of its name.

            EXAMPLES
              vqclip-tui train vqgan --data paintings -o my-model --minutes 60
              vqclip-tui train clip --data paintings -o my-model --minutes 240
              vqclip-tui train vqgan --data paintings --init wikiart-16384 --decoder-only -o my-wikiart
              vqclip-tui --vqgan my-model --clip my-model "a lighthouse"
            """,
        subcommands: [TrainVQGANCommand.self, TrainCLIPCommand.self]
    )
}

struct TrainVQGANCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vqgan",
        abstract: "Train the model that turns codes into pictures.",
        discussion: "PRESETS\n"
            + TrainingPreset.all(.vqgan).map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
    )

    @OptionGroup var common: TrainingArguments

    @Flag(help: "Leave encoder and codebook as they are; needs --init.")
    var decoderOnly = false

    @Option(help: "The CLIP that judges likeness, or none.")
    var perceptual: String?

    @Option(help: "From which part of the training on a discriminator takes part, 0 to 1; 1 for never.")
    var adversaryFrom: Double?

    @Option(help: "What the adversarial loss counts beside the reconstruction.")
    var adversaryWeight: Double?

    func run() throws {
        try common.run(.vqgan) { options in
            options.decoderOnly = decoderOnly
            options.perceptual = perceptual ?? options.perceptual
            options.adversaryFrom = adversaryFrom ?? options.adversaryFrom
            options.adversaryWeight = adversaryWeight ?? options.adversaryWeight
        }
    }
}

struct TrainCLIPCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clip",
        abstract: "Train the model that tells how near a picture is to a text.",
        discussion: "PRESETS\n"
            + TrainingPreset.all(.clip).map { "  \($0.name): \($0.summary)" }.joined(separator: "\n")
    )

    @OptionGroup var common: TrainingArguments

    @Option(help: "A folder with vocab.json and merges.txt; by default they are learned from the captions.")
    var tokenizer: String?

    @Option(help: "From which part of the training on pictures are changed to mislead, 0 to 1; 1 for never.")
    var attackFrom: Double?

    @Option(help: "The greatest length of such a change, over 64x64 pixels in 0 to 1.")
    var attackLength: Double?

    @Option(help: "Gradient steps of such a change.")
    var attackSteps: Int?

    @Option(help: "Painting runs beside the training, as pictures that are not what they claim to be; 0 for none.")
    var chains: Int?

    @Option(help: "The VQGAN that paints them.")
    var chainModel: String?

    @Option(help: "Steps of such a run.")
    var chainLife: Int?

    func run() throws {
        try common.run(.clip) { options in
            options.tokenizer = tokenizer
            options.attackFrom = attackFrom ?? options.attackFrom
            options.attackLength = attackLength ?? options.attackLength
            options.attackSteps = attackSteps ?? options.attackSteps
            options.chains = chains ?? options.chains
            options.chainModel = chainModel ?? options.chainModel
            options.chainLife = chainLife ?? options.chainLife
        }
    }
}

/// What both kinds of training can be told.
struct TrainingArguments: ParsableArguments {
    @Option(help: "The folder of pictures, with those in its folders.")
    var data: String?

    @Option(name: [.short, .long], help: "The model's folder, which also keeps the checkpoint.")
    var output: String

    @Option(name: .customLong("init"), help: "A model to go on from: its name, folder or weight file.")
    var initial: String?

    @Option(help: "The shape of a new model.")
    var preset = "small"

    @Option(help: "Side of the pictures that are learned from, in pixels.")
    var size: Int?

    @Option(help: "Pictures in a step.")
    var batch: Int?

    @Option(help: "The highest learning rate.")
    var rate: Double?

    @Option(help: "Steps in all; by default time decides.")
    var steps: Int?

    @Option(help: "Minutes of training in all.")
    var minutes: Double?

    @Option(help: "The same seed, pictures and options give the same model, where --steps decides.")
    var seed: UInt64?

    @Flag(help: "Go on with the run in the model's folder, with its own options.")
    var resume = false

    @Option(help: "Minutes between checkpoints.")
    var checkpointEvery = 3.0

    @Option(help: "Minutes between measurements on held-out pictures.")
    var measureEvery = 5.0

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "One JSON object a line: data, model, step, evaluation, saved, note, done and error events.")
    var json = false

    @Flag(name: [.short, .long], help: "Print only the model's folder, and errors.")
    var quiet = false

    func validate() throws {
        if json, quiet { throw ValidationError("Choose one of --json and --quiet.") }
        guard resume || data != nil else { throw ValidationError("--data needs a folder of pictures.") }
        guard checkpointEvery >= 0, measureEvery >= 0 else { throw ValidationError("Intervals are minutes from 0 up.") }
    }

    /// Trains, reports, and ends the process with the status that says how it went.
    func run(_ kind: TrainingKind, _ adjust: (inout TrainingOptions) -> Void) throws {
        let program = try Program(devices: devices)
        let interruption = Interruption()
        let sources = interruption.raise(on: [SIGINT, SIGTERM, SIGHUP])
        defer { for source in sources { source.cancel() } }
        var reporter = TrainingReporter(json: json, quiet: quiet)
        for issue in program.issues { reporter.report(.note(issue)) }
        do {
            let folder = URL(filePath: output, directoryHint: .isDirectory).standardizedFileURL
            var options = try options(kind, folder)
            if !resume { adjust(&options) }
            let cores = program.compute.threads ?? ProcessInfo.processInfo.activeProcessorCount
            try Runtime.setThreadCount(cores)
            var intervals = TrainingRun.Intervals()
            (intervals.checkpoint, intervals.measurement) = (checkpointEvery * 60, measureEvery * 60)
            let run = try TrainingRun(
                options,
                places: .init(output: folder, cache: program.folders.cache.appending(path: "training")),
                intervals: intervals,
                device: DeviceSelection.device(named: program.device),
                threads: cores,
                report: { reporter.report($0) },
                isInterrupted: { interruption.isRaised }
            )
            switch try run.run() {
            case .done: reporter.done(kind, output: output)
            case .interrupted:
                reporter.interrupted(kind, output: output)
                throw ExitCode(128 + (interruption.signal ?? SIGINT))
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            reporter.failed(EngineFailure(describing: error))
            throw ExitCode(EngineFailure(describing: error).kind == .cancelled ? 128 + SIGINT : 1)
        }
    }

    /// Those of the run that is to go on, or the preset's with what was given.
    private func options(_ kind: TrainingKind, _ folder: URL) throws -> TrainingOptions {
        if resume {
            var options = try TrainingRun.options(in: folder)
            guard options.kind == kind else {
                throw EngineFailure(.settings, "the run in \(folder.path) trains a \(options.kind.rawValue)")
            }
            options.steps = steps ?? options.steps
            options.minutes = minutes ?? options.minutes
            return options
        }
        let data = URL(filePath: data ?? "", directoryHint: .isDirectory).standardizedFileURL.path
        var options = TrainingOptions(kind: kind, data: data, preset: try .named(preset, kind))
        options.initial = initial
        options.size = size ?? options.size
        options.batch = batch ?? options.batch
        options.rate = rate ?? (initial == nil ? options.rate : options.rate / 4)
        options.steps = steps
        options.minutes = minutes ?? options.minutes
        options.seed = seed ?? options.seed
        return options
    }
}
