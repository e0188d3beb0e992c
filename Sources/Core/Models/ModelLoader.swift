import EngineKit
import Foundation
import Torch

/// A VQGAN and a CLIP that are loaded, with what goes with them.
struct ModelPair {
    let vqgan: VQGAN
    let clip: CLIP
    /// There only where both models come from one folder that has one.
    let sketchbook: Sketchbook?
    let choice: ModelChoice
    /// One line such as `built-in VQGAN f=8, 1024 codes + CLIP 64 px`.
    let summary: String
    /// Settings that suit the pair; empty where the models come from different folders.
    let recommended: [SettingKey: String]
    let device: Device
}

/// Makes models from their files.
enum ModelLoader {
    /// Loads a pair.
    /// - Throws: ``EngineFailure`` with one line that names the file and what to do, or of the kind `cancelled`.
    static func load(
        _ choice: ModelChoice,
        device: Device,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws(EngineFailure) -> ModelPair {
        func begin(_ item: String, _ fraction: Double) throws(EngineFailure) {
            if isCancelled() { throw EngineFailure(.cancelled, "loading was cancelled") }
            progress(LoadProgress(item: item, fraction: fraction))
        }
        let (vqganFolder, clipFolder) = (try ModelFolder(choice.vqgan), try ModelFolder(choice.clip))
        try begin("VQGAN \(choice.vqgan)", 0)
        let vqgan = try loadVQGAN(vqganFolder, device)
        try begin("CLIP \(choice.clip)", 0.4)
        let clip = try loadCLIP(clipFolder, device)
        var sketchbook: Sketchbook?
        var recommended: [SettingKey: String] = [:]
        if vqganFolder.url.resolvingSymlinksInPath() == clipFolder.url.resolvingSymlinksInPath() {
            try begin("sketchbook", 0.9)
            sketchbook = try loadSketchbook(vqganFolder, vqgan.configuration, clip.configuration, device)
            recommended = try loadSettings(vqganFolder)
        }
        try begin("models", 1)
        return ModelPair(
            vqgan: vqgan,
            clip: clip,
            sketchbook: sketchbook,
            choice: choice,
            summary: summary(choice, vqgan, clip),
            recommended: recommended,
            device: device
        )
    }

    private static func summary(_ choice: ModelChoice, _ vqgan: VQGAN, _ clip: CLIP) -> String {
        func name(_ choice: String) -> String {
            let file = URL(filePath: choice)
            return (file.pathExtension == "safetensors" ? file.deletingPathExtension() : file).lastPathComponent
        }
        let first = "\(name(choice.vqgan)) VQGAN f=\(vqgan.cellSize), \(vqgan.configuration.nEmbed) codes"
        let second = choice.clip == choice.vqgan ? "CLIP" : "\(name(choice.clip)) CLIP"
        return "\(first) + \(second) \(clip.resolution) px"
    }

    static func loadVQGAN(_ folder: ModelFolder, _ device: Device) throws(EngineFailure) -> VQGAN {
        let file = try folder.openWeights("vqgan.safetensors")
        // Net2Net checkpoints hold a transformer besides the VQGAN.
        let prefix = file.shape(of: "first_stage_model.decoder.conv_in.weight") == nil ? "" : "first_stage_model."
        let w = Weights(file, prefix: prefix, device: device)
        guard (w / "decoder" / "conv_in").has("weight") else { throw refusal(file, isNot: "VQGAN") }
        let described = try folder.configuration(VQGANConfiguration.self, of: file)
        return try weights(of: file.path) { () throws(WeightsError) in
            let configuration = if let described { described } else { try VQGANConfiguration(inferredFrom: w) }
            let vqgan = try VQGAN(w, configuration: configuration)
            try w.finish(ignoring: ["loss."])
            return vqgan
        }
    }

    static func loadCLIP(_ folder: ModelFolder, _ device: Device) throws(EngineFailure) -> CLIP {
        let file = try folder.openWeights("clip.safetensors")
        let w = Weights(file, device: device)
        guard w.has("text_projection") else { throw refusal(file, isNot: "CLIP") }
        let described = try folder.configuration(CLIPConfiguration.self, of: file)
        let configuration = try weights(of: file.path) { () throws(WeightsError) in
            if let described { described } else { try CLIPConfiguration(inferredFrom: w) }
        }
        let tokenizer = try TokenizerFiles.load(folder, configuration)
        return try weights(of: file.path) { () throws(WeightsError) in
            let clip = try CLIP(w, configuration: configuration, tokenizer: tokenizer)
            try w.finish()
            return clip
        }
    }

    private static func loadSketchbook(
        _ folder: ModelFolder,
        _ vqgan: VQGANConfiguration,
        _ clip: CLIPConfiguration,
        _ device: Device
    ) throws(EngineFailure) -> Sketchbook? {
        guard folder.has("sketchbook.safetensors") else { return nil }
        let captions = try folder.decode([String].self, "sketchbook.json")
        let file = try weights(of: folder.url.path) { () throws(WeightsError) in
            try SafetensorsFile(path: folder.path("sketchbook.safetensors"))
        }
        return try Sketchbook(Weights(file, device: device), captions: captions, vqgan: vqgan, clip: clip)
    }

    private static func loadSettings(_ folder: ModelFolder) throws(EngineFailure) -> [SettingKey: String] {
        guard folder.has("settings.json") else { return [:] }
        var result: [SettingKey: String] = [:]
        let hint = "correct the file or delete it"
        for (name, value) in try folder.decode([String: String].self, "settings.json") {
            guard let key = SettingKey(rawValue: name) else {
                throw EngineFailure(
                    .model,
                    "\(folder.path("settings.json")) sets '\(name)', which is unknown",
                    hint: hint
                )
            }
            result[key] = value
        }
        do {
            var settings = RunSettings()
            try settings.apply(result)
        } catch {
            throw EngineFailure(.model, "\(folder.path("settings.json")): \(error.description)", hint: hint)
        }
        return result
    }

    private static func refusal(_ file: SafetensorsFile, isNot kind: String) -> EngineFailure {
        let isCLIP = file.shape(of: "text_projection") != nil
        let isVQGAN = file.shape(of: "decoder.conv_in.weight") != nil
        let found = isCLIP ? ", but a CLIP" : isVQGAN ? ", but a VQGAN" : ""
        return EngineFailure(.model, "\(file.path) is not a \(kind)\(found)", hint: "choose another file")
    }

    private static func weights<Result>(
        of path: String,
        _ body: () throws(WeightsError) -> Result
    ) throws(EngineFailure) -> Result {
        do {
            return try body()
        } catch {
            throw EngineFailure(weights: error, of: path)
        }
    }
}
