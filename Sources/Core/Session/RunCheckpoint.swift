import EngineKit
import Foundation
import Media
import Torch

/// Everything needed to continue a run exactly, as a safetensors file: the latent, the optimiser's state, the moving
/// average and image prompts' embeddings as tensors; prompts, settings, models and step in the metadata.
///
/// Random draws need no saving: they follow from seed and step.
struct RunCheckpoint {
    /// The metadata, as JSON under the key `vqclip-tui`.
    private struct Record: Codable {
        var version = 1
        var prompts: [Prompt]
        var settings: RunSettings
        var models: ModelChoice
        var folder: String
        var step: Int
        var optimizerSteps: Int
        var averageDecayed: Double
        var imagePrompts: [String]
    }

    /// Of the metadata that makes a file a checkpoint.
    static let key = "vqclip-tui"
    static let fileExtension = "checkpoint"

    let models: ModelChoice
    let prompts: [Prompt]
    let settings: RunSettings
    let folder: String
    let step: Int
    let z: Tensor
    let optimizer: LatentOptimizer
    let average: LatentAverage
    /// By path, one tensor of each CLIP.
    let imagePrompts: [String: [Tensor]]

    init(of run: PaintingRun, models: ModelChoice) throws(TorchError) {
        self.models = models
        prompts = run.prompts
        settings = run.settings
        folder = run.folder
        step = run.step
        z = try run.z.detached()
        optimizer = run.optimizer
        average = run.average
        imagePrompts = run.embedder.imageEmbeddings
    }

    /// Whether every setting is one that the user could have typed.
    private static func isUsable(_ settings: RunSettings) -> Bool {
        var trial = RunSettings()
        return SettingKey.allCases.allSatisfy { (try? trial.set($0, to: settings.value(of: $0))) != nil }
    }

    /// The file's bytes.
    func encode() throws -> [UInt8] {
        var tensors = ["latent": z]
        for (name, tensor) in optimizer.state { tensors["optimizer.\(name)"] = tensor }
        if let sum = average.sum { tensors["average"] = sum }
        let paths = imagePrompts.keys.sorted()
        for (index, path) in paths.enumerated() {
            for (clip, embeddings) in (imagePrompts[path] ?? []).enumerated() {
                tensors[Self.imagePromptKey(index, clip: clip)] = embeddings
            }
        }
        let record = Record(
            prompts: prompts,
            settings: settings,
            models: models,
            folder: folder,
            step: step,
            optimizerSteps: optimizer.count,
            averageDecayed: average.decayed,
            imagePrompts: paths
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(record), as: UTF8.self)
        return try Safetensors.encode(tensors, metadata: [Self.key: json])
    }

    /// Reads a checkpoint.
    /// - Throws: ``EngineFailure`` that names the file when it is none.
    init(path: String) throws {
        let file = try FileStateDict(path: path)
        guard let json = file.metadata[Self.key],
            let record = try? JSONDecoder().decode(Record.self, from: Data(json.utf8)), record.version == 1
        else {
            throw EngineFailure(.file, "\(path) is not a checkpoint of this program", hint: "choose a .checkpoint file")
        }
        guard Self.isUsable(record.settings), record.step >= 0, record.optimizerSteps >= 0 else {
            throw EngineFailure(.file, "\(path) is damaged: its settings are impossible")
        }
        models = record.models
        prompts = record.prompts
        settings = record.settings
        folder = record.folder
        step = record.step
        z = try file.tensor("latent")
        var state: [String: Tensor] = [:]
        for key in file.keys where key.hasPrefix("optimizer.") {
            let tensor = try file.tensor(key)
            guard tensor.shape == z.shape else {
                throw EngineFailure(.file, "\(path) is damaged: \(key) does not fit the latent")
            }
            state[String(key.dropFirst("optimizer.".count))] = tensor
        }
        optimizer = LatentOptimizer(record.settings.optimizer, state: state, count: record.optimizerSteps)
        if file.shape(of: "average") == nil {
            average = LatentAverage()
        } else {
            let sum = try file.tensor("average")
            guard sum.shape == z.shape, (0...1).contains(record.averageDecayed) else {
                throw EngineFailure(.file, "\(path) is damaged: its average does not fit the latent")
            }
            average = LatentAverage(sum: sum, decayed: record.averageDecayed)
        }
        var imagePrompts: [String: [Tensor]] = [:]
        for (index, path) in record.imagePrompts.enumerated() {
            var embeddings = [try file.tensor(Self.imagePromptKey(index, clip: 0))]
            while file.shape(of: Self.imagePromptKey(index, clip: embeddings.count)) != nil {
                embeddings.append(try file.tensor(Self.imagePromptKey(index, clip: embeddings.count)))
            }
            imagePrompts[path] = embeddings
        }
        self.imagePrompts = imagePrompts
    }

    /// `image-prompt.0` for the first CLIP, `image-prompt.0.1` for the second.
    private static func imagePromptKey(_ index: Int, clip: Int) -> String {
        clip == 0 ? "image-prompt.\(index)" : "image-prompt.\(index).\(clip)"
    }
}
