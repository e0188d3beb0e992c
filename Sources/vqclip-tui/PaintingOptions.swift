import ArgumentParser
import EngineKit

/// What both the workbench and `run` can be told about a run. Names follow the classic tools where users know them.
struct PaintingOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("What to paint; several are painted at once.", valueName: "prompt"))
    var words: [String] = []

    @Option(name: [.short, .long], help: "Prompts, as the classic tools name them.")
    var prompts: [String] = []

    @Option(
        name: [.short, .long],
        parsing: .unconditional,
        help: "Picture size, WIDTHxHEIGHT; rounded down to whole latent cells."
    )
    var size: String?

    @Option(
        name: [.long, .customLong("iterations"), .customShort("i")],
        parsing: .unconditional,
        help: "Optimisation steps."
    )
    var steps: String?

    @Option(
        name: [.long, .customLong("sd", withSingleDash: true)],
        parsing: .unconditional,
        help: "Seed: the same seed and settings give the same picture."
    )
    var seed: String?

    @Option(
        name: [.customLong("optimizer"), .customLong("optimiser"), .customLong("opt", withSingleDash: true)],
        help: ArgumentHelp(stringLiteral: SettingKey.optimizer.help)
    )
    var optimizer: String?

    @Option(
        name: [.long, .customLong("lr", withSingleDash: true)],
        parsing: .unconditional,
        help: ArgumentHelp(stringLiteral: SettingKey.learningRate.help)
    )
    var learningRate: String?

    @Option(help: ArgumentHelp(stringLiteral: SettingKey.rateSchedule.help))
    var rateSchedule: String?

    @Option(
        name: [.long, .customLong("cuts", withSingleDash: true)],
        parsing: .unconditional,
        help: ArgumentHelp(stringLiteral: SettingKey.cuts.help)
    )
    var cuts: String?

    @Option(
        name: [.long, .customLong("cutp", withSingleDash: true)],
        parsing: .unconditional,
        help: ArgumentHelp(stringLiteral: SettingKey.cutPower.help)
    )
    var cutPower: String?

    @Option(
        name: [.long, .customLong("cutm", withSingleDash: true)],
        help: ArgumentHelp(stringLiteral: SettingKey.cutMethod.help)
    )
    var cutMethod: String?

    @Option(
        name: [.long, .customLong("augs", withSingleDash: true)],
        help: ArgumentHelp(stringLiteral: SettingKey.augmentations.help)
    )
    var augmentations: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(stringLiteral: SettingKey.noise.help))
    var noise: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(stringLiteral: SettingKey.noiseEnd.help))
    var noiseEnd: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(stringLiteral: SettingKey.average.help))
    var average: String?

    @Option(
        name: [.long, .customLong("init-image"), .customLong("ii", withSingleDash: true)],
        help: ArgumentHelp(stringLiteral: "Start: " + SettingKey.start.help)
    )
    var start: String?

    @Option(parsing: .unconditional, help: ArgumentHelp(stringLiteral: SettingKey.microBatch.help))
    var microBatch: String?

    @Option(help: "VQGAN: a model's name, folder or weight file.")
    var vqgan: String?

    @Option(help: "CLIP: a model's name, folder or weight file; several look at once as 'A | B:0.5'.")
    var clip: String?

    @OptionGroup var devices: DeviceOptions

    @Option(help: ArgumentHelp("Memory that the program may take; by default what is free.", valueName: "4GiB"))
    var memory: String?

    @Flag(help: "Compute with libtorch's own operations only: slower, with other rounding.")
    var exact = false

    func validate() throws {
        if let memory, ComputeOptions.bytes(of: memory) == nil {
            throw ValidationError("--memory takes an amount such as 900MiB or 4GiB, of 64MiB or more.")
        }
    }

    var compute: ComputeOptions {
        ComputeOptions(threads: devices.threads, isExact: exact, memory: memory.flatMap(ComputeOptions.bytes))
    }

    /// The prompts given, if any.
    /// - Throws: `ValidationError` that points at the character.
    func parsedPrompts() throws -> [Prompt] {
        var parsed: [Prompt] = []
        for source in words + prompts {
            do {
                parsed += try PromptParser.prompts(from: source)
            } catch {
                let isBlank = error.source.allSatisfy(\.isWhitespace)
                let diagram = error.caretDiagram.split(separator: "\n").map { "\n  \($0)" }.joined()
                throw ValidationError(error.message + (isBlank ? "" : diagram))
            }
        }
        return parsed
    }

    /// The settings given, checked.
    /// - Throws: `ValidationError` for a value that cannot be used.
    func settings() throws -> [SettingKey: String] {
        let given: [SettingKey: String?] = [
            .size: size, .steps: steps, .seed: seed, .optimizer: optimizer, .learningRate: learningRate,
            .rateSchedule: rateSchedule, .cuts: cuts, .cutPower: cutPower, .cutMethod: cutMethod,
            .augmentations: augmentations, .noise: noise, .noiseEnd: noiseEnd, .average: average, .start: start,
            .microBatch: microBatch,
        ]
        let settings = given.compactMapValues { $0 }
        var trial = RunSettings()
        do {
            try trial.apply(settings)
        } catch {
            throw ValidationError("--\(error)")
        }
        return settings
    }
}
