public import EngineKit
public import Foundation
import Logging
import Media
public import Torch

/// The real engine's session: models, one run, and its files.
public struct PaintingSession: EngineSession {
    private let request: DeviceRequest
    private let options: ComputeOptions
    private let runs: URL
    let note: @Sendable (String) -> Void
    /// Where runs compute; `nil` before libtorch was needed.
    private var device: Device?
    /// What the CLIPs compute in; `nil` for half precision on GPUs and float32 elsewhere.
    private var chosenPrecision: ScalarType?
    /// A picture that a GPU is sending, for the preview.
    private var pictureOnItsWay: (download: Download, step: Int)?
    var models: ModelPair?
    var run: PaintingRun?
    var lastAutosave = ContinuousClock.now
    var savedStep = 0
    /// The run's own automatic checkpoint, once it has one.
    var autosavePath: String?
    var autosaveFailed = false

    /// - Parameters:
    ///   - device: where to compute, found when the first models are loaded.
    ///   - runs: where folders of runs are made.
    ///   - precision: what the CLIPs compute in; `nil` for half precision on GPUs and float32 elsewhere.
    ///   - note: takes lines for the log.
    public init(
        device: DeviceRequest,
        options: ComputeOptions = ComputeOptions(),
        runs: URL,
        precision: ScalarType? = nil,
        note: @escaping @Sendable (String) -> Void
    ) {
        request = device
        self.options = options
        chosenPrecision = precision
        self.runs = runs
        self.note = note
    }

    public var model: ModelDescription? { models?.description(options) }
    public var step: Int { run?.step ?? 0 }
    public var totalSteps: Int { run?.settings.steps ?? 0 }
    public var previewEvery: Int { run?.settings.previewEvery ?? 1 }

    // MARK: Models

    /// The device; the first call loads libtorch.
    private mutating func readyDevice() throws(EngineFailure) -> Device {
        if let device { return device }
        let found = try DeviceSelection.device(request)
        // OpenMP's number of threads belongs to the thread that asks for it.
        if let threads = options.threads, (try? Runtime.setThreadCount(threads)) == nil {
            note("\(threads) threads cannot be used")
        }
        Runtime.setExact(options.isExact)
        Runtime.keepMemory()
        if case .cuda = found {
            // TF32 keeps 10 bits of float32's mantissa and is several times as fast.
            _ = try? Runtime.setCUDAMath(allowsTF32: !options.isExact)
        }
        Logger(label: "engine").info("libtorch \(Runtime.version) on \(found)")
        device = found
        return found
    }

    private var precision: ScalarType { chosenPrecision ?? (device == .cpu || options.isExact ? .float32 : .float16) }

    /// Steps between two looks at a step's figures.
    private func readingInterval(on device: Device) -> Int { device == .cpu ? 1 : 8 }

    public mutating func load(
        _ choice: ModelChoice,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> ModelDescription {
        let models = try ModelLoader.load(
            choice,
            device: readyDevice(),
            precision: precision,
            progress: progress,
            isCancelled: isCancelled
        )
        endRun()
        self.models = models
        return models.description(options)
    }

    // MARK: Starting

    public mutating func start(_ request: RunRequest) throws -> RunDescription {
        let models = try loadedModels()
        var settings = request.settings
        settings.size = try Self.rounded(settings.size, cell: models.vqgan.cellSize)
        try Self.check(request.prompts)
        let plan = try MemoryEstimate.plan(settings, models, options)
        var notes = models.warnings
        if settings.size != request.settings.size {
            notes.append("size \(request.settings.size) rounded down to \(settings.size)")
        }
        var embedder = PromptEmbedder()
        let targets = try embedder.targets(
            for: request.prompts,
            clips: models.clips,
            settings: settings,
            device: models.device
        )
        notes += embedder.notes
        let start = try StartLatent.make(
            settings.start,
            size: settings.size,
            seed: settings.seed,
            models: models,
            prompts: request.prompts,
            embedder: &embedder
        )
        if let note = start.note { notes.append(note) }
        let folder = try request.folder ?? RunFolder.make(in: runs, prompts: request.prompts)
        let run = try PaintingRun(
            prompts: request.prompts,
            settings: settings,
            folder: folder,
            z: start.z,
            optimizer: LatentOptimizer(settings.optimizer),
            embedder: embedder,
            targets: targets,
            plan: plan,
            readingInterval: readingInterval(on: models.device)
        )
        return begin(run, notes)
    }

    public mutating func restore(
        path: String,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> RunDescription {
        let checkpoint = try RunCheckpoint(path: path)
        let models = try models(for: checkpoint, progress, isCancelled)
        let plan = try MemoryEstimate.plan(checkpoint.settings, models, options)
        try Self.check(checkpoint, at: path, fits: models.vqgan)
        var embedder = PromptEmbedder()
        for (image, embeddings) in checkpoint.imagePrompts {
            guard embeddings.count == models.clips.members.count else { continue }
            embedder.remember(image: image, try embeddings.map { try $0.converted(on: models.device) })
        }
        let prompts = checkpoint.prompts
        let targets = try embedder.targets(
            for: prompts,
            clips: models.clips,
            settings: checkpoint.settings,
            device: models.device
        )
        let isThere = FileManager.default.fileExists(atPath: checkpoint.folder)
        let folder = isThere ? checkpoint.folder : try RunFolder.make(in: runs, prompts: prompts)
        let run = try PaintingRun(
            prompts: prompts,
            settings: checkpoint.settings,
            folder: folder,
            step: checkpoint.step,
            z: checkpoint.z.converted(on: models.device),
            optimizer: checkpoint.optimizer.moved(to: models.device),
            average: checkpoint.average.moved(to: models.device),
            embedder: embedder,
            targets: targets,
            plan: plan,
            readingInterval: readingInterval(on: models.device)
        )
        endRun()
        self.models = models
        return begin(run, [])
    }

    /// The models that a checkpoint was made with.
    private mutating func models(
        for checkpoint: RunCheckpoint,
        _ progress: (LoadProgress) -> Void,
        _ isCancelled: () -> Bool
    ) throws(EngineFailure) -> ModelPair {
        if let models, models.choice == checkpoint.models { return models }
        return try ModelLoader.load(
            checkpoint.models,
            device: readyDevice(),
            precision: precision,
            progress: progress,
            isCancelled: isCancelled
        )
    }

    private static func check(_ checkpoint: RunCheckpoint, at path: String, fits vqgan: VQGAN) throws(EngineFailure) {
        let (size, cell) = (checkpoint.settings.size, vqgan.cellSize)
        let isWhole = size.width % cell == 0 && size.height % cell == 0
        let expected = [1, vqgan.codebook.shape[1], size.height / cell, size.width / cell]
        guard isWhole, checkpoint.z.shape == expected else {
            throw EngineFailure(
                .file,
                "\(path) does not fit its model: its latent is \(checkpoint.z.shape), not \(expected)",
                hint: "load the model that it was made with"
            )
        }
    }

    private mutating func begin(_ run: PaintingRun, _ notes: [String]) -> RunDescription {
        endRun()
        self.run = run
        lastAutosave = .now
        savedStep = run.step
        autosavePath = nil
        autosaveFailed = false
        return RunDescription(
            prompts: run.prompts,
            settings: run.settings,
            folder: run.folder,
            step: run.step,
            notes: notes
        )
    }

    public mutating func finish() { endRun() }

    /// Leaves the run, keeping what was painted since it was last saved.
    private mutating func endRun() {
        if let run, run.step > savedStep { autosave() }
        if let folder = run?.folder { RunFolder.removeIfEmpty(folder) }
        run = nil
        Runtime.releaseMemory()
        pictureOnItsWay = nil
    }

    private static func rounded(_ size: PictureSize, cell: Int) throws(EngineFailure) -> PictureSize {
        let rounded = PictureSize(size.width / cell * cell, size.height / cell * cell)
        guard rounded.width > 0, rounded.height > 0 else {
            throw EngineFailure(
                .settings,
                "a picture of \(size) is smaller than one latent cell of \(cell)x\(cell)",
                hint: "use a size of \(cell)x\(cell) or more"
            )
        }
        return rounded
    }

    private static func check(_ prompts: [Prompt]) throws(EngineFailure) {
        guard !prompts.isEmpty else {
            throw EngineFailure(.prompt, "there is no prompt", hint: "write what you want to see")
        }
    }

    // MARK: Running

    public mutating func makeStep() throws -> StepReport {
        let models = try loadedModels()
        let started = ContinuousClock.now
        let losses: PaintingRun.Losses
        do {
            losses = try makeStep(models)
        } catch let failure as EngineFailure where failure.kind == .numerics && models.isHalf {
            losses = try makeStep(fallBack(from: models))
        }
        let report = StepReport(
            step: step,
            total: totalSteps,
            loss: losses.values.reduce(0, +),
            losses: losses.values,
            seconds: (ContinuousClock.now - started) / .seconds(1),
            phases: losses.phases,
            learningRate: losses.learningRate,
            residentBytes: ProcessMemory.resident
        )
        autosaveIfDue()
        return report
    }

    private mutating func makeStep(_ models: ModelPair) throws -> PaintingRun.Losses {
        guard var run else { throw Self.noRun }
        // Also after an error: a run leaves itself as it was, or at its last good state.
        defer { self.run = run }
        let before = run.plan
        let losses = try run.makeStep(models)
        if run.plan != before {
            note("memory ran out: \(run.plan.microBatch) cutouts at a time from here on, and parts computed twice")
        }
        return losses
    }

    /// Some CLIPs, and some cards, overflow in half precision.
    private mutating func fallBack(from models: ModelPair) throws -> ModelPair {
        chosenPrecision = .float32
        let models = try ModelLoader.load(
            models.choice,
            device: models.device,
            precision: .float32,
            progress: { _ in },
            isCancelled: { false }
        )
        self.models = models
        note("half precision gave numbers that are not finite: from step \(step + 1) on the CLIPs compute in float32")
        return models
    }

    public mutating func setPrompts(_ prompts: [Prompt]) throws -> String {
        try Self.check(prompts)
        let models = try loadedModels()
        return try withRun { (run) throws in
            let change = PromptChange.describe(from: run.prompts, to: prompts)
            try run.setPrompts(prompts, models)
            return ([change] + run.embedder.notes).joined(separator: "; ")
        }
    }

    public mutating func setSettings(_ settings: RunSettings) throws -> String {
        let (models, options) = (try loadedModels(), options)
        return try withRun { (run) throws in
            let changed = settings.differences(from: run.settings)
            if let key = changed.first(where: { !$0.isLive }) {
                throw EngineFailure(.settings, "\(key.title) takes effect in a new run")
            }
            guard settings.steps >= run.step else {
                throw EngineFailure(.settings, "\(run.step) steps are already made", hint: "use \(run.step) or more")
            }
            let isReplanned = changed.contains(.cuts) || changed.contains(.microBatch)
            let plan = isReplanned ? try MemoryEstimate.plan(settings, models, options) : run.plan
            run.setSettings(settings, plan: plan)
            return changed.isEmpty
                ? "nothing changed"
                : changed.map { "\($0.title) \(settings.value(of: $0))" }.joined(separator: ", ")
        }
    }

    public mutating func frame(isExact: Bool) throws -> Frame? {
        guard let run, let models else { return nil }
        if !isExact, models.device != .cpu, run.settings.averageDecay == 0 { return try frameInPassing(run) }
        let picture: Tensor
        if !isExact, run.settings.averageDecay == 0, let last = run.lastPicture {
            picture = last
        } else {
            picture = try withoutGradient { try models.vqgan.picture(run.displayed) }
        }
        let rgb = try withoutGradient { try PictureTensor.rgb(picture) }
        return Frame(step: run.step, width: run.settings.size.width, height: run.settings.size.height, rgb: rgb)
    }

    /// The picture that was asked for last time, if it has arrived, and the next one is asked for: nobody waits.
    private mutating func frameInPassing(_ run: PaintingRun) throws -> Frame? {
        var frame: Frame?
        if let (download, step) = pictureOnItsWay {
            guard download.isDone else { return nil }
            pictureOnItsWay = nil
            let size = run.settings.size
            frame = Frame(step: step, width: size.width, height: size.height, rgb: try download.bytes())
        }
        if let picture = run.lastPicture {
            let download = try withoutGradient { try Download(PictureTensor.bytes(picture)) }
            pictureOnItsWay = (download, run.step)
        }
        return frame
    }

    // MARK: Access

    private func loadedModels() throws(EngineFailure) -> ModelPair {
        guard let models else { throw EngineFailure(.model, "no model is loaded", hint: "load one first") }
        return models
    }

    private static var noRun: EngineFailure { EngineFailure(.other, "there is no run", hint: "start one") }

    private mutating func withRun<Result>(_ body: (inout PaintingRun) throws -> Result) throws -> Result {
        guard var run else { throw Self.noRun }
        // The copy is the only reference while it changes, so a failed edit leaves the run as it was.
        let result = try body(&run)
        self.run = run
        return result
    }
}
