import EngineKit
import Foundation
import WeightFiles

/// Weight files that are to become one model, with what belongs beside them.
struct ImportSource {
    /// A weight file and what of it is kept.
    struct Weights {
        let file: WeightFile
        let selection: WeightSelection

        func keptBytes(isHalf: Bool) -> Int64 {
            selection.tensors.values.reduce(0) { sum, key in
                guard let info = file.info(key) else { return sum }
                return sum + Int64(info.elementCount * WeightConversion.kept(info.type, isHalf: isHalf).size)
            }
        }
    }

    /// A file that is copied as it is.
    struct Companion {
        let file: URL
        /// What it is called in the model's folder.
        let name: String
    }

    let weights: [Weights]
    var companions: [Companion]
    let suggestedName: String

    /// A CLIP's vocabulary and description by the names that tools give them.
    private static let clipCompanions = [
        "merges.txt", "vocab.json", "tokenizer.json", "bpe_simple_vocab_16e6.txt.gz", "config.json",
        "open_clip_config.json",
    ]
    /// What makes a pair of two models.
    private static let pairCompanions = ["settings.json", "sketchbook.safetensors", "sketchbook.json"]
    private static let suffixes = ["safetensors", "ckpt", "pt", "pth", "bin"]

    /// Looks into a file or a folder.
    /// - Throws: ``EngineFailure`` that says what it is instead of a model.
    init(_ url: URL) throws(EngineFailure) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw EngineFailure(.file, "there is no file or folder \(url.path)", hint: "check the path")
        }
        suggestedName = ModelName.suggested(for: url.path)
        let folder = isFolder.boolValue ? url : url.deletingLastPathComponent()
        weights = isFolder.boolValue ? try Self.weights(in: url) : [try Self.weights(url)]
        companions = Self.companions(of: weights, in: folder)
    }

    /// A downloaded file and the files that were downloaded with it.
    init(_ file: URL, companions: [URL]) throws(EngineFailure) {
        weights = [try Self.weights(file)]
        suggestedName = ModelName.suggested(for: file.path)
        self.companions = companions.map { Companion(file: $0, name: $0.lastPathComponent) }
    }

    private static func weights(_ url: URL) throws(EngineFailure) -> Weights {
        let file: WeightFile
        do {
            file = try WeightFile(path: url.path)
        } catch {
            throw EngineFailure(.model, error.summary, hint: error.hint)
        }
        guard let selection = WeightSelection(file) else {
            throw EngineFailure(.model, "\(url.path) is neither a VQGAN nor a CLIP", hint: "choose another file")
        }
        return Weights(file: file, selection: selection)
    }

    /// One file of each kind.
    private static func weights(in folder: URL) throws(EngineFailure) -> [Weights] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        var found: [ModelKind: Weights] = [:]
        var refusal: EngineFailure?
        for name in names where suffixes.contains(URL(filePath: name).pathExtension.lowercased()) {
            if pairCompanions.contains(name) { continue }
            do throws(EngineFailure) {
                let weights = try weights(folder.appending(path: name))
                let kind = weights.selection.kind
                if let other = found[kind] {
                    let first = URL(filePath: other.file.path).lastPathComponent
                    throw EngineFailure(
                        .model,
                        "\(folder.path) has two \(kind.title)s, \(first) and \(name)",
                        hint: "import the one that you mean by its path"
                    )
                }
                found[kind] = weights
            } catch {
                if error.hint == "import the one that you mean by its path" { throw error }
                refusal = error
            }
        }
        guard !found.isEmpty else {
            throw refusal
                ?? EngineFailure(.model, "\(folder.path) has no weight file", hint: "choose another folder or file")
        }
        return ModelKind.allCases.compactMap { found[$0] }
    }

    private static func companions(of weights: [Weights], in folder: URL) -> [Companion] {
        var companions: [Companion] = []
        func add(_ file: String, as name: String) {
            let url = folder.appending(path: file)
            let isNew = !companions.contains { $0.name == name }
            if isNew, FileManager.default.fileExists(atPath: url.path) {
                companions.append(Companion(file: url, name: name))
            }
        }
        for weights in weights {
            let kind = weights.selection.kind
            // A description beside the weights bears their name.
            let stem = URL(filePath: weights.file.path).deletingPathExtension().lastPathComponent
            add(stem + ".json", as: kind.rawValue + ".json")
            if kind == .clip { for name in clipCompanions { add(name, as: name) } }
        }
        if weights.count > 1 { for name in pairCompanions { add(name, as: name) } }
        return companions
    }
}
