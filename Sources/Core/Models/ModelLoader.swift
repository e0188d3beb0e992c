import EngineKit
import Foundation
import ModelFormats
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
    /// What is odd about the files, in lines: contradictions with descriptions beside them, and assumptions.
    let warnings: [String]

    /// Whether any CLIP computes in half precision.
    var isHalf: Bool { clips.members.contains { $0.clip.precision != .float32 } }

    /// The first CLIP, or the only one.
    var clip: CLIP { clips.first.clip }
}

/// Makes models from their files.
enum ModelLoader {
    /// Loads a VQGAN and one or several CLIPs.
    /// - Parameter precision: what the CLIPs' image towers compute in.
    /// - Throws: ``EngineFailure`` with one line that names the file and what to do, or of the kind `cancelled`.
    static func load(
        _ choice: ModelChoice,
        device: Device,
        precision: ScalarType = .float32,
        progress: (LoadProgress) -> Void,
        isCancelled: () -> Bool
    ) throws(EngineFailure) -> ModelPair {
        try withoutActuallyEscaping(progress) { (progress) throws(EngineFailure) in
            try withoutActuallyEscaping(isCancelled) { (isCancelled) throws(EngineFailure) in
                try ModelSources(choice).load(device, precision, progress, isCancelled)
            }
        }
    }

    fileprivate static func summary(
        _ vqganName: String,
        _ vqgan: VQGAN,
        _ clips: some Sequence<(CLIPChoice, CLIPEnsemble.Member)>
    ) -> String {
        let weightSuffixes = ["safetensors", "ckpt", "pt", "pth", "bin"]
        func name(_ choice: String) -> String {
            let file = URL(filePath: choice)
            return (weightSuffixes.contains(file.pathExtension) ? file.deletingPathExtension() : file).lastPathComponent
        }
        let first = "\(name(vqganName)) VQGAN f=\(vqgan.cellSize), \(vqgan.configuration.nEmbed) codes"
        let parts = clips.map { choice, member in
            let name = choice.model == vqganName ? "CLIP" : "\(name(choice.model)) CLIP"
            let weight = member.weight == 1 ? "" : " × \(PromptParser.number(member.weight))"
            return "\(name) \(member.clip.resolution) px\(weight)"
        }
        return ([first] + parts).joined(separator: " + ")
    }

    static func loadVQGAN(
        _ source: ModelSource,
        _ device: Device,
        _ monitor: LoadMonitor? = nil
    ) throws(EngineFailure) -> VQGAN {
        let configuration = try vqganConfiguration(source)
        return try load(source, device, monitor) { (w) throws(WeightsError) in
            try VQGAN(w, configuration: configuration, readsEncoderLate: true)
        }
    }

    static func loadCLIP(
        _ source: ModelSource,
        _ device: Device,
        _ precision: ScalarType = .float32,
        _ monitor: LoadMonitor? = nil
    ) throws(EngineFailure) -> CLIP {
        let configuration = try clipConfiguration(source)
        let tokenizer = try tokenizer(of: source, configuration)
        return try load(source, device, monitor) { (w) throws(WeightsError) in
            try CLIP(
                w,
                configuration: configuration,
                tokenizer: tokenizer,
                keepsText: configuration.isTextSmall,
                precision: precision
            )
        }
    }

    /// The tokenizer of a CLIP, for which none of its tensors is read.
    static func loadTokenizer(_ folder: ModelFolder) throws(EngineFailure) -> any Tokenizer {
        let source = try ModelSource(.clip, in: folder)
        return try tokenizer(of: source, clipConfiguration(source))
    }

    private static func tokenizer(
        of source: ModelSource,
        _ configuration: CLIPConfiguration
    ) throws(EngineFailure) -> any Tokenizer {
        try TokenizerFiles.load(
            configuration.tokenizer,
            beside: source.folder.url,
            vocabularySize: configuration.vocabSize,
            marks: configuration.marks
        )
    }

    /// The configuration that the file or one beside it states, or that the tensors show.
    static func vqganConfiguration(_ source: ModelSource) throws(EngineFailure) -> VQGANConfiguration {
        guard case .vqgan(let shape) = source.model.architecture else { throw source.isNot(.vqgan) }
        let described = try source.folder.configuration(VQGANConfiguration.self, of: source.file)
        return described ?? VQGANConfiguration(shape)
    }

    /// The same for a CLIP.
    static func clipConfiguration(_ source: ModelSource) throws(EngineFailure) -> CLIPConfiguration {
        guard case .clip(let shape) = source.model.architecture else { throw source.isNot(.clip) }
        if let described = try source.folder.configuration(CLIPConfiguration.self, of: source.file) { return described }
        return CLIPConfiguration(shape, source.model.description(of: shape, in: source.folder.url))
    }

    /// Constructs a model and checks that it has taken all that is there for it.
    private static func load<Model>(
        _ source: ModelSource,
        _ device: Device,
        _ monitor: LoadMonitor?,
        _ make: (Weights) throws(WeightsError) -> Model
    ) throws(EngineFailure) -> Model {
        let tensors = MappedStateDict(source.file, source.model)
        if let monitor { tensors.willRead = { (bytes) throws(WeightsError) in try monitor.willRead(bytes) } }
        // What is read later, if ever, is read without a witness.
        defer { tensors.willRead = nil }
        let w = Weights(tensors, device: device)
        return try weights(of: source.file.path) { () throws(WeightsError) in
            let model = try make(w)
            try w.finish()
            return model
        }
    }

    fileprivate static func loadSketchbook(
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

    fileprivate static func loadSettings(_ folder: ModelFolder) throws(EngineFailure) -> [SettingKey: String] {
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

    /// Errors of weights as failures that name the file.
    static func weights<Result>(
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

/// The files of a VQGAN and its CLIPs, found and recognised before the first of them is read.
private struct ModelSources {
    let choice: ModelChoice
    let vqgan: ModelSource
    let clips: [(choice: CLIPChoice, source: ModelSource)]

    init(_ choice: ModelChoice) throws(EngineFailure) {
        self.choice = choice
        let clipChoices = try CLIPChoice.parse(choice.clip)
        let vqganFolder = try ModelFolder(choice.vqgan)
        let clipFolders = try clipChoices.map { (choice) throws(EngineFailure) in try ModelFolder(choice.model) }
        vqgan = try ModelSource(.vqgan, in: vqganFolder)
        var clips: [(CLIPChoice, ModelSource)] = []
        for (choice, folder) in zip(clipChoices, clipFolders) {
            clips.append((choice, try ModelSource(.clip, in: folder)))
        }
        self.clips = clips
    }

    func load(
        _ device: Device,
        _ precision: ScalarType,
        _ progress: @escaping (LoadProgress) -> Void,
        _ isCancelled: @escaping () -> Bool
    ) throws(EngineFailure) -> ModelPair {
        let total = vqgan.bytesToRead + clips.reduce(0) { $0 + $1.source.bytesToRead }
        let monitor = LoadMonitor(total: total, progress: progress, isCancelled: isCancelled)
        try monitor.begin("VQGAN \(choice.vqgan)")
        let vqganModel = try ModelLoader.loadVQGAN(vqgan, device, monitor)
        var members: [CLIPEnsemble.Member] = []
        for (choice, source) in clips {
            try monitor.begin("CLIP \(choice.model)")
            let clip = try ModelLoader.loadCLIP(source, device, precision, monitor)
            members.append(CLIPEnsemble.Member(clip: clip, weight: choice.weight))
        }
        var sketches: (Sketchbook, CLIP)?
        var recommended: [SettingKey: String] = [:]
        if let own = clips.firstIndex(where: { $0.source.folder.isSamePlace(as: vqgan.folder) }) {
            try monitor.begin("sketchbook")
            let clip = members[own].clip
            let configurations = (vqganModel.configuration, clip.configuration)
            sketches = try ModelLoader.loadSketchbook(vqgan.folder, configurations.0, configurations.1, device)
                .map { ($0, clip) }
            if members.count == 1 { recommended = try ModelLoader.loadSettings(vqgan.folder) }
        }
        try monitor.begin("models")
        return ModelPair(
            vqgan: vqganModel,
            clips: CLIPEnsemble(members[0], Array(members.dropFirst())),
            sketches: sketches,
            choice: choice,
            summary: ModelLoader.summary(choice.vqgan, vqganModel, zip(clips.map(\.choice), members)),
            recommended: recommended,
            device: device,
            warnings: vqgan.warnings + clips.flatMap(\.source.warnings)
        )
    }
}
