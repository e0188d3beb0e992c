import EngineKit
import Foundation
import ModelFormats
import Torch
import WeightFiles

/// A weight file that was found, recognised as what was looked for, and not read yet.
struct ModelSource {
    let folder: ModelFolder
    let file: FileStateDict
    let model: RecognizedModel

    /// Looks for a model of a kind: in the file that the user named, or in the files of a folder.
    /// - Throws: ``EngineFailure`` naming the file that is damaged or of another kind, or what the folder lacks.
    init(_ kind: ModelFiles.Kind, in folder: ModelFolder) throws(EngineFailure) {
        if let named = folder.weightFile {
            let source = try Self.open(named, kind, folder)
            guard source.model.kind == kind else { throw source.isNot(kind) }
            self = source
            return
        }
        let usual = folder.path("\(kind.rawValue).safetensors")
        var refusal: EngineFailure?
        for candidate in ModelFiles.candidates(for: kind, in: folder.url) {
            do throws(EngineFailure) {
                let source = try Self.open(candidate, kind, folder)
                if source.model.kind == kind {
                    self = source
                    return
                }
                if candidate.path == usual { throw source.isNot(kind) }
            } catch {
                if candidate.path == usual { throw error }
                refusal = refusal ?? error
            }
        }
        throw refusal
            ?? EngineFailure(
                .model,
                "\(folder.url.path) has no \(kind.rawValue).safetensors nor another weight file of a \(kind.title)",
                hint: "choose a folder that holds one"
            )
    }

    private init(folder: ModelFolder, file: FileStateDict, model: RecognizedModel) {
        self.folder = folder
        self.file = file
        self.model = model
    }

    /// Opens a file that holds a model of any kind.
    /// - Parameter kind: what is looked for, for messages.
    private static func open(
        _ url: URL,
        _ kind: ModelFiles.Kind,
        _ folder: ModelFolder
    ) throws(EngineFailure) -> ModelSource {
        let file: FileStateDict
        do {
            file = try FileStateDict(path: url.path)
        } catch {
            throw EngineFailure(weights: error, of: url.path)
        }
        let model: RecognizedModel
        do throws(ModelFormatError) {
            model = try RecognizedModel(file.file)
        } catch {
            throw refusal(file, isNot: kind, error)
        }
        return ModelSource(folder: folder, file: file, model: model)
    }

    private static func refusal(
        _ file: FileStateDict,
        isNot kind: ModelFiles.Kind,
        _ error: ModelFormatError
    ) -> EngineFailure {
        switch error {
        case .unsupported(let problem):
            EngineFailure(
                .model,
                "\(file.path) is not a \(kind.title) that can be used: it \(problem)",
                hint: "choose another file"
            )
        case .missing, .shape: EngineFailure(.model, "\(file.path) \(error)", hint: "choose another file")
        }
    }

    /// What is odd about the file, in lines.
    var warnings: [String] {
        // A description of our own in or beside the file leaves nothing to assume.
        isDescribed ? [] : model.warnings(beside: URL(filePath: file.path))
    }

    private var isDescribed: Bool {
        let beside = URL(filePath: file.path).deletingPathExtension().appendingPathExtension("json").path
        return file.metadata["config"] != nil || FileManager.default.fileExists(atPath: beside)
    }

    func isNot(_ kind: ModelFiles.Kind) -> EngineFailure {
        EngineFailure(
            .model,
            "\(file.path) is not a \(kind.title), but a \(model.kind.title)",
            hint: "choose another file"
        )
    }

    /// Bytes that loading puts into memory, in float32.
    var bytesToRead: Int {
        let keys = model.sources.keys.filter { !model.isOfEncoder($0) }
        return keys.compactMap { model.sources[$0]?.shape { file.shape(of: $0) } }
            .reduce(0) { $0 + 4 * $1.reduce(1, *) }
    }
}

extension ModelFiles.Kind {
    /// As it stands in messages.
    var title: String { self == .vqgan ? "VQGAN" : "CLIP" }
}

extension RecognizedModel {
    var kind: ModelFiles.Kind {
        switch architecture {
        case .vqgan: .vqgan
        case .clip: .clip
        }
    }
}
