import Core
import EngineKit
import Foundation
import Media
import Torch

/// What a trainer builds its model from: a checkpoint, a model that is trained further, or the shape of a new one.
struct TrainingSource {
    /// Whether parameters begin at random.
    let isNew: Bool
    /// The model's description, which a checkpoint keeps.
    let description: Data
    /// Stands before the model's keys.
    let prefix: String
    /// What a CLIP's head predicts.
    let words: [String]

    private let folder: URL
    private let tensors: any StateDict

    /// - Parameters:
    ///   - captions: what a new CLIP's tokenizer is learned from.
    ///   - folder: the model's, where a CLIP's tokenizer is put and read.
    init(_ options: TrainingOptions, resumed: TrainingCheckpoint?, captions: [String], folder: URL) throws {
        self.folder = folder
        words = resumed?.record.words ?? CaptionWords(of: captions).words
        if let resumed {
            isNew = false
            description = resumed.record.description
            prefix = resumed.record.prefix
            tensors = MemoryStateDict(resumed.tensors.below("model.value."), path: "the checkpoint")
            return
        }
        if let initial = options.initial {
            isNew = false
            switch options.kind {
            case .vqgan:
                let model = try PretrainedVQGAN(named: initial)
                (prefix, tensors) = (model.prefix, model.source)
                description = try JSONEncoder().encode(model.configuration)
            case .clip:
                let model = try PretrainedCLIP(named: initial)
                (prefix, tensors) = ("", model.source)
                description = try JSONEncoder().encode(model.configuration)
                try Self.write(model.tokenizerFiles, to: folder)
            }
            return
        }
        isNew = true
        prefix = ""
        tensors = MemoryStateDict([:], path: "the new model")
        let preset = try TrainingPreset.named(options.preset, options.kind)
        switch options.kind {
        case .vqgan: description = Data(preset.description.utf8)
        case .clip: description = try Self.newCLIP(preset, options, captions, folder)
        }
    }

    /// The description of a new CLIP, whose vocabulary is that of a given tokenizer or of one learned from the captions.
    private static func newCLIP(
        _ preset: TrainingPreset,
        _ options: TrainingOptions,
        _ captions: [String],
        _ folder: URL
    ) throws -> Data {
        var configuration = try JSONDecoder().decode(CLIPConfiguration.self, from: Data(preset.description.utf8))
        configuration.imageResolution = options.size
        let files =
            if let folder = options.tokenizer {
                try WordVocabulary.files(in: folder)
            } else {
                try WordVocabulary(learnedFrom: captions, size: configuration.vocabSize).files()
            }
        configuration.vocabSize = try WordVocabulary.count(files)
        try write(files, to: folder)
        return try JSONEncoder().encode(configuration)
    }

    private static func write(_ files: [String: Data], to folder: URL) throws {
        for (name, data) in files {
            try AtomicFile.write(Array(data), to: folder.appending(path: name).path, overwrite: true)
        }
    }

    func vqgan() throws -> PretrainedVQGAN {
        PretrainedVQGAN(tensors, prefix: prefix, configuration: try decoded(VQGANConfiguration.self))
    }

    func clip() throws -> PretrainedCLIP {
        try PretrainedCLIP(tensors, configuration: decoded(CLIPConfiguration.self), tokenizerIn: folder)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: description)
    }
}
