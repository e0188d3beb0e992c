import EngineKit
import Foundation
import Tokenizers
import Torch

/// A VQGAN and its CLIPs that are loaded, with what goes with them.
struct ModelPair {
    let vqgan: VQGAN
    let clips: CLIPEnsemble
    /// There only where the VQGAN's folder has one and a CLIP of that folder is there to search it.
    let sketches: (book: Sketchbook, clip: CLIP)?
    let choice: ModelChoice
    /// One line such as `built-in VQGAN f=8, 1024 codes + CLIP 64 px`.
    let summary: String
    /// Settings that suit the pair; empty where the models come from different folders.
    let recommended: [SettingKey: String]
    let device: Device

    /// The first CLIP, or the only one.
    var clip: CLIP { clips.first.clip }
}

/// Makes models from their files.
enum ModelLoader {
    /// Loads a VQGAN and one or several CLIPs.
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
        let clipChoices = try CLIPChoice.parse(choice.clip)
        let vqganFolder = try ModelFolder(choice.vqgan)
        let clipFolders = try clipChoices.map { (choice) throws(EngineFailure) in try ModelFolder(choice.model) }
        try begin("VQGAN \(choice.vqgan)", 0)
        let vqgan = try loadVQGAN(vqganFolder, device)
        var members: [CLIPEnsemble.Member] = []
        for (folder, choice) in zip(clipFolders, clipChoices) {
            try begin("CLIP \(choice.model)", 0.4 + 0.5 * Double(members.count) / Double(clipChoices.count))
            members.append(CLIPEnsemble.Member(clip: try loadCLIP(folder, device), weight: choice.weight))
        }
        var sketches: (Sketchbook, CLIP)?
        var recommended: [SettingKey: String] = [:]
        if let own = clipFolders.firstIndex(where: { $0.isSamePlace(as: vqganFolder) }) {
            try begin("sketchbook", 0.9)
            let clip = members[own].clip
            sketches = try loadSketchbook(vqganFolder, vqgan.configuration, clip.configuration, device)
                .map { ($0, clip) }
            if members.count == 1 { recommended = try loadSettings(vqganFolder) }
        }
        try begin("models", 1)
        return ModelPair(
            vqgan: vqgan,
            clips: CLIPEnsemble(members[0], Array(members.dropFirst())),
            sketches: sketches,
            choice: choice,
            summary: summary(choice.vqgan, vqgan, zip(clipChoices, members)),
            recommended: recommended,
            device: device
        )
    }

    private static func summary(
        _ vqganName: String,
        _ vqgan: VQGAN,
        _ clips: some Sequence<(CLIPChoice, CLIPEnsemble.Member)>
    ) -> String {
        func name(_ choice: String) -> String {
            let file = URL(filePath: choice)
            return (file.pathExtension == "safetensors" ? file.deletingPathExtension() : file).lastPathComponent
        }
        let first = "\(name(vqganName)) VQGAN f=\(vqgan.cellSize), \(vqgan.configuration.nEmbed) codes"
        let parts = clips.map { choice, member in
            let name = choice.model == vqganName ? "CLIP" : "\(name(choice.model)) CLIP"
            let weight = member.weight == 1 ? "" : " × \(PromptParser.number(member.weight))"
            return "\(name) \(member.clip.resolution) px\(weight)"
        }
        return ([first] + parts).joined(separator: " + ")
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
        let configuration = try clipConfiguration(folder, file, w)
        let tokenizer = try tokenizer(folder, configuration)
        return try weights(of: file.path) { () throws(WeightsError) in
            let clip = try CLIP(w, configuration: configuration, tokenizer: tokenizer)
            try w.finish()
            return clip
        }
    }

    /// The tokenizer of a CLIP, for which none of its tensors is read.
    static func loadTokenizer(_ folder: ModelFolder) throws(EngineFailure) -> any Tokenizer {
        let file = try folder.openWeights("clip.safetensors")
        return try tokenizer(folder, clipConfiguration(folder, file, Weights(file, device: .cpu)))
    }

    private static func tokenizer(
        _ folder: ModelFolder,
        _ configuration: CLIPConfiguration
    ) throws(EngineFailure) -> any Tokenizer {
        try TokenizerFiles.load(
            configuration.tokenizer,
            beside: folder.url,
            vocabularySize: configuration.vocabSize,
            marks: configuration.marks
        )
    }

    private static func clipConfiguration(
        _ folder: ModelFolder,
        _ file: FileStateDict,
        _ w: Weights
    ) throws(EngineFailure) -> CLIPConfiguration {
        guard w.has("text_projection") else { throw refusal(file, isNot: "CLIP") }
        if let described = try folder.configuration(CLIPConfiguration.self, of: file) { return described }
        return try weights(of: file.path) { () throws(WeightsError) in try CLIPConfiguration(inferredFrom: w) }
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
            try FileStateDict(path: folder.path("sketchbook.safetensors"))
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

    private static func refusal(_ file: FileStateDict, isNot kind: String) -> EngineFailure {
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
