public import EngineKit
import Foundation

/// A session without models whose every figure follows from prompts, settings and step: for tests and for working on
/// the workbench. It paints a slowly changing gradient and its losses fall smoothly.
public struct ScriptedSession: EngineSession {
    private struct WordCounter: TokenCounting {
        let tokenLimit = 30
        func tokenCount(of text: String) -> Int { text.split(separator: " ").count }
    }

    private let stepSeconds: Double
    private let note: @Sendable (String) -> Void
    private var run: RunDescription?
    private var prompts: [Prompt] = []
    private var settings = RunSettings()
    public private(set) var step = 0

    /// - Parameter stepSeconds: how long a step takes.
    public init(stepSeconds: Double = 0.05, note: @escaping @Sendable (String) -> Void = { _ in }) {
        self.stepSeconds = stepSeconds
        self.note = note
    }

    public var totalSteps: Int { run == nil ? 0 : settings.steps }
    public var previewEvery: Int { settings.previewEvery }

    public mutating func load(
        _ choice: ModelChoice,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> ModelDescription {
        if choice.vqgan == "missing" {
            throw EngineFailure(.model, "there is no model named missing", hint: "choose built-in")
        }
        for index in 0..<4 {
            if isCancelled() { throw EngineFailure(.cancelled, "loading was cancelled") }
            progress(LoadProgress(item: index < 2 ? "VQGAN" : "CLIP", fraction: Double(index) / 4))
            Thread.sleep(forTimeInterval: stepSeconds)
        }
        return ModelDescription(
            choice: choice,
            summary: "scripted model, no weights",
            cellSize: 8,
            device: "cpu",
            recommended: [.size: "128x128", .steps: "60", .cuts: "8"],
            tokens: WordCounter(),
            hasSketchbook: true
        )
    }

    public mutating func start(_ request: RunRequest) throws -> RunDescription {
        try check(request.prompts)
        var settings = request.settings
        settings.size = PictureSize(settings.size.width / 8 * 8, settings.size.height / 8 * 8)
        guard settings.size.width > 0, settings.size.height > 0 else {
            throw EngineFailure(.settings, "\(request.settings.size) is below one latent cell", hint: "use 8x8 or more")
        }
        let notes = settings.size == request.settings.size ? [] : ["size rounded down to \(settings.size)"]
        let description = RunDescription(
            prompts: request.prompts,
            settings: settings,
            folder: request.folder ?? "/tmp/scripted",
            step: 0,
            notes: notes
        )
        (run, prompts, self.settings, step) = (description, request.prompts, settings, 0)
        return description
    }

    public mutating func restore(
        path: String,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws -> RunDescription {
        throw EngineFailure(.file, "\(path) is not a checkpoint", hint: "the scripted engine has none")
    }

    public mutating func makeStep() throws -> StepReport {
        Thread.sleep(forTimeInterval: stepSeconds)
        step += 1
        let audible = prompts.audible
        let losses = prompts.indices.map { index in
            audible[index] ? abs(prompts[index].weight) * (0.7 + 0.3 / (1 + Double(step + index) / 20)) : 0
        }
        return StepReport(
            step: step,
            total: settings.steps,
            loss: losses.reduce(0, +),
            losses: losses,
            seconds: stepSeconds,
            learningRate: settings.learningRate,
            residentBytes: 300 << 20
        )
    }

    public mutating func setPrompts(_ prompts: [Prompt]) throws -> String {
        try check(prompts)
        self.prompts = prompts
        return "prompts changed"
    }

    public mutating func setSettings(_ settings: RunSettings) throws -> String {
        let changed = settings.differences(from: self.settings)
        if let key = changed.first(where: { !$0.isLive }) {
            throw EngineFailure(.settings, "\(key.title) takes effect in a new run")
        }
        self.settings = settings
        return changed.map { "\($0.title) \(settings.value(of: $0))" }.joined(separator: ", ")
    }

    public mutating func frame(isExact: Bool) throws -> Frame? {
        guard run != nil else { return nil }
        let (width, height) = (settings.size.width, settings.size.height)
        var rgb: [UInt8] = []
        rgb.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                rgb.append(UInt8(x * 255 / width))
                rgb.append(UInt8(y * 255 / height))
                rgb.append(UInt8((step * 4) % 256))
            }
        }
        return Frame(step: step, width: width, height: height, rgb: rgb)
    }

    public mutating func savePicture(path: String?) throws -> SavedFile {
        SavedFile(kind: .picture, path: path ?? "/tmp/scripted/\(step).png", step: step)
    }

    public mutating func saveCheckpoint(path: String?) throws -> SavedFile {
        SavedFile(kind: .checkpoint, path: path ?? "/tmp/scripted/\(step).checkpoint", step: step)
    }

    private func check(_ prompts: [Prompt]) throws {
        guard !prompts.isEmpty else { throw EngineFailure(.prompt, "there is no prompt", hint: "write what to paint") }
    }
}
