import EngineKit
public import Foundation
import Media
public import Torch

/// A training run from its folder of pictures to a model's folder, with checkpoints on the way.
public final class TrainingRun {
    /// How a run came to its end.
    public enum Ending: Sendable {
        case done
        /// Continues with the same command.
        case interrupted
    }

    /// Where a run reads and writes.
    public struct Places: Sendable {
        /// The folder of the model, which also holds the checkpoint.
        public var output: URL
        /// For decoded pictures.
        public var cache: URL

        public init(output: URL, cache: URL) {
            self.output = output
            self.cache = cache
        }
    }

    /// How often what is written.
    public struct Intervals: Sendable {
        /// Seconds between checkpoints.
        public var checkpoint = 180.0
        /// Seconds between measurements.
        public var measurement = 300.0

        public init() {}
    }

    private let places: Places
    private let intervals: Intervals
    private let device: Device
    private let threads: Int
    private let report: (TrainingEvent) -> Void
    private let isInterrupted: () -> Bool

    private var options: TrainingOptions
    private let resumed: TrainingCheckpoint?
    private var record: TrainingCheckpoint.Record
    private var data = DataSummary()
    private var lastMeasures: [(name: String, value: Double)] = []
    /// Pictures per second, smoothed.
    private var speed: Double?

    /// Makes the trainer; tests put one of their own here.
    var trainerMaker: ((TrainingSet) throws -> any Trainer)?

    private static let mostRewinds = 8

    /// The options of the run that has left a checkpoint in a folder, to continue it without naming them again.
    /// - Throws: what ``init(_:places:intervals:device:threads:report:isInterrupted:)`` throws.
    public static func options(in folder: URL) throws -> TrainingOptions {
        guard TrainingCheckpoint.exists(in: folder) else {
            throw EngineFailure(
                .file,
                "there is nothing to resume in \(folder.path)",
                hint: "leave --resume away to begin"
            )
        }
        return try TrainingCheckpoint(in: folder).record.options
    }

    /// Prepares a run; one that has left a checkpoint in the folder goes on where that was written.
    /// - Parameters:
    ///   - threads: that decode pictures.
    ///   - report: gets every event, on the caller's thread.
    ///   - isInterrupted: asked between steps.
    /// - Throws: ``EngineFailure`` when the options make no sense, or differ from those of the run to be continued.
    public init(
        _ options: TrainingOptions,
        places: Places,
        intervals: Intervals = Intervals(),
        device: Device,
        threads: Int,
        report: @escaping (TrainingEvent) -> Void,
        isInterrupted: @escaping () -> Bool
    ) throws {
        try options.validate()
        self.options = options
        self.places = places
        self.intervals = intervals
        self.device = device
        self.threads = threads
        self.report = report
        self.isInterrupted = isInterrupted
        resumed = TrainingCheckpoint.exists(in: places.output) ? try TrainingCheckpoint(in: places.output) : nil
        if let resumed {
            if let name = options.conflict(with: resumed.record.options) {
                throw EngineFailure(
                    .settings,
                    "the run in \(places.output.path) was begun with another value of '\(name)'",
                    hint: "use the same options or --resume alone, or choose another folder with -o"
                )
            }
            record = resumed.record
            record.options = options
            record.isDone = false
        } else {
            record = TrainingCheckpoint.Record(
                options: options,
                step: 0,
                seconds: 0,
                rateScale: 1,
                rewinds: 0,
                description: Data(),
                prefix: "",
                words: [],
                pictures: 0,
                counters: [:]
            )
        }
    }

    /// Trains until the end or an interruption, and writes the model.
    /// - Throws: ``EngineFailure``, or an error that can be described as one.
    public func run() throws -> Ending {
        let set = try openPictures()
        let trainer = try trainerMaker?(set) ?? makeTrainer(set)
        report(.model(trainer.summary))
        if let resumed {
            try trainer.restore(resumed.tensors, counters: record.counters)
            report(.resumed(step: record.step))
        } else {
            // Also finds out before hours of training whether the folder can be written.
            try keep(trainer)
        }
        let ending = try loop(trainer)
        if ending == .done {
            try measure(trainer)
            try finish(trainer)
        }
        return ending
    }

    // MARK: Preparing

    private func openPictures() throws -> TrainingSet {
        let folder = URL(filePath: options.data, directoryHint: .isDirectory)
        let found = try CaptionedFolder(folder)
        let needsCaptions = options.kind == .clip
        let files = needsCaptions ? found.files.filter { !$0.captions.isEmpty } : found.files
        guard !files.isEmpty else {
            throw EngineFailure(
                .file,
                "none of the \(found.files.count) pictures in \(folder.path) has a caption",
                hint: "put a .txt file beside each picture, or a metadata.jsonl with file_name and text"
            )
        }
        let packed = try PackedPictures.open(
            files,
            in: folder,
            side: needsCaptions ? options.size : options.size * 2,
            cache: places.cache,
            threads: threads,
            progress: { report(.decoding(done: $0.done, total: $0.total)) },
            isCancelled: isInterrupted
        )
        let set = TrainingSet(packed, usable: Array(0..<packed.count), seed: options.seed)
        data = DataSummary(
            training: set.training.count,
            measured: set.measured.count,
            holdsOut: set.holdsOut,
            unreadable: packed.index.unreadable.count,
            tooSmall: packed.index.tooSmall,
            duplicates: packed.index.duplicates,
            withoutCaption: found.files.count - files.count,
            orphanedCaptions: found.orphanedCaptions,
            problems: Array((found.problems + packed.index.unreadable).prefix(20))
        )
        report(.data(data))
        let digest = set.digest
        if resumed != nil, record.pictures != digest {
            report(.note("the pictures have changed since the checkpoint: the run goes on with those there are now"))
        }
        record.pictures = digest
        return set
    }

    private func makeTrainer(_ set: TrainingSet) throws -> any Trainer {
        let source = try TrainingSource(options, resumed: resumed, captions: set.captions, folder: places.output)
        record.description = source.description
        record.prefix = source.prefix
        record.words = source.words
        let note = { [report] (text: String) in report(.note(text)) }
        switch options.kind {
        case .vqgan:
            return try VQGANTrainer(
                options,
                from: source.vqgan(),
                isNew: source.isNew,
                set: set,
                device: device,
                note: note
            )
        case .clip:
            return try CLIPTrainer(
                options,
                from: source.clip(),
                isNew: source.isNew,
                words: CaptionWords(source.words),
                set: set,
                device: device,
                note: note
            )
        }
    }

    // MARK: Training

    private var fraction: Double {
        if let steps = options.steps { return Double(record.step) / Double(steps) }
        return record.seconds / (options.minutes * 60)
    }

    private func loop(_ trainer: any Trainer) throws -> Ending {
        var lastKept = Date()
        var lastMeasured = Date()
        var begin = Date()
        while fraction < 1 {
            if isInterrupted() {
                try keep(trainer)
                return .interrupted
            }
            let context = StepContext(step: record.step, fraction: fraction, rateScale: record.rateScale)
            do {
                let outcome = try trainer.step(context)
                let now = Date()
                let seconds = now.timeIntervalSince(begin)
                begin = now
                record.step += 1
                record.seconds += seconds
                tell(outcome, seconds)
            } catch TrainingError.notFinite {
                try rewind(trainer)
                begin = Date()
                continue
            }
            if Date().timeIntervalSince(lastMeasured) >= intervals.measurement, fraction < 1 {
                try measure(trainer)
                lastMeasured = Date()
                begin = lastMeasured
            }
            if Date().timeIntervalSince(lastKept) >= intervals.checkpoint {
                keepIfPossible(trainer)
                lastKept = Date()
                begin = lastKept
            }
        }
        return .done
    }

    private func tell(_ outcome: StepOutcome, _ seconds: Double) {
        let current = Double(options.batch) / max(seconds, 1e-6)
        let speed = self.speed.map { $0 + (current - $0) * 0.1 } ?? current
        self.speed = speed
        let left =
            if let steps = options.steps {
                Double((steps - record.step) * options.batch) / speed
            } else {
                options.minutes * 60 - record.seconds
            }
        report(
            .step(
                TrainingReport(
                    step: record.step,
                    fraction: min(1, fraction),
                    losses: outcome.losses,
                    rate: outcome.rate,
                    samplesPerSecond: speed,
                    secondsLeft: max(0, left)
                )
            )
        )
    }

    /// Goes back to the last checkpoint with half the learning rate.
    private func rewind(_ trainer: any Trainer) throws {
        let bad = record.step + 1
        guard record.rewinds < Self.mostRewinds else {
            throw EngineFailure(
                .numerics,
                "the losses of step \(bad) are not finite, even at \(record.rateScale) of the learning rate",
                hint: "choose another folder with -o and a smaller --rate"
            )
        }
        let (scale, rewinds) = (record.rateScale / 2, record.rewinds + 1)
        let checkpoint = try TrainingCheckpoint(in: places.output)
        record = checkpoint.record
        (record.options, record.rateScale, record.rewinds) = (options, scale, rewinds)
        try trainer.restore(checkpoint.tensors, counters: record.counters)
        report(
            .note("the losses of step \(bad) are not finite: back to step \(record.step) with half the learning rate")
        )
    }

    // MARK: Writing

    private func keep(_ trainer: any Trainer) throws {
        record.counters = trainer.counters
        try TrainingCheckpoint(record: record, tensors: trainer.state()).write(to: places.output)
        if record.step > 0 {
            report(
                .saved(path: places.output.appending(path: TrainingCheckpoint.fileName).path, step: record.step)
            )
        }
    }

    /// A checkpoint that cannot be written, as on a full disk, does not end the training.
    private func keepIfPossible(_ trainer: any Trainer) {
        do {
            try keep(trainer)
        } catch {
            report(.note("no checkpoint at step \(record.step): \(EngineFailure(describing: error))"))
        }
    }

    private func measure(_ trainer: any Trainer) throws {
        let measurement = try trainer.measure()
        lastMeasures = measurement.measures
        var path: String?
        if let picture = measurement.picture {
            let file = places.output.appending(path: "progress.png").path
            do {
                let texts = measurement.captions.enumerated().map { ("row \($0.offset + 1)", $0.element) }
                let step = [("step", "\(record.step)")]
                try AtomicFile.write(try PictureGrid.png(picture, texts: step + texts), to: file, overwrite: true)
                path = file
            } catch {
                report(.note(EngineFailure(describing: error).description))
            }
        }
        report(
            .evaluated(
                TrainingEvaluation(
                    step: record.step,
                    measures: measurement.measures,
                    picture: measurement.picture,
                    captions: measurement.captions,
                    path: path
                )
            )
        )
    }

    private func finish(_ trainer: any Trainer) throws {
        let card = ModelFiles.card(
            options,
            summary: trainer.summary,
            data: data,
            steps: record.step,
            seconds: record.seconds,
            measures: lastMeasures
        )
        for file in try trainer.files() + [card] {
            try AtomicFile.write(file.bytes, to: places.output.appending(path: file.name).path, overwrite: true)
        }
        record.isDone = true
        keepIfPossible(trainer)
        report(.saved(path: places.output.path, step: record.step))
    }
}
