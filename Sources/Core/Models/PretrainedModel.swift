package import EngineKit
package import Foundation
import ModelFormats
import Tokenizers
package import Torch

/// A VQGAN's tensors and shape, to build it from: to train it further, or to learn from it.
package struct PretrainedVQGAN {
    package let source: any StateDict
    /// Stands before every key of the source.
    package let prefix: String
    package let configuration: VQGANConfiguration

    package init(_ source: any StateDict, prefix: String = "", configuration: VQGANConfiguration) {
        self.source = source
        self.prefix = prefix
        self.configuration = configuration
    }

    /// - Parameter name: a model's name, or the path of a folder or a weight file.
    /// - Throws: ``EngineFailure`` that names the file and what to do.
    package init(named name: String) throws(EngineFailure) {
        let source = try ModelSource(.vqgan, in: ModelFolder(name))
        self.init(
            MappedStateDict(source.file, source.model),
            configuration: try ModelLoader.vqganConfiguration(source)
        )
    }

    /// Builds the model; its tensors become parameters if there is a set for them. What the model derives from them stays
    /// as it is.
    package func build(device: Device, training parameters: ParameterSet? = nil) throws(EngineFailure) -> VQGAN {
        try ModelLoader.weights(of: source.path) { () throws(WeightsError) in
            let w =
                if let parameters {
                    Weights(source, prefix: prefix, device: device, training: parameters)
                } else {
                    Weights(source, prefix: prefix, device: device)
                }
            return try withoutGradient { () throws(WeightsError) -> VQGAN in
                try VQGAN(w, configuration: configuration)
            }
        }
    }
}

/// A CLIP's tensors, shape and tokenizer, to build it from.
package struct PretrainedCLIP {
    package let source: any StateDict
    package let configuration: CLIPConfiguration
    /// The files that the tokenizer was read from, by name; empty for the one that comes with the program.
    package let tokenizerFiles: [String: Data]
    private let tokenizer: any Tokenizer

    private static let tokenizerNames = [
        "vocab.json", "merges.txt", "tokenizer.json", "bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt",
    ]

    /// - Parameter name: a model's name, or the path of a folder or a weight file.
    /// - Throws: ``EngineFailure`` that names the file and what to do.
    package init(named name: String) throws(EngineFailure) {
        let source = try ModelSource(.clip, in: ModelFolder(name))
        try self.init(
            MappedStateDict(source.file, source.model),
            configuration: ModelLoader.clipConfiguration(source),
            tokenizerIn: source.folder.url
        )
    }

    /// - Parameter tokenizerIn: the folder that has the tokenizer's files.
    /// - Throws: ``EngineFailure`` that names the file and what to do.
    package init(
        _ source: any StateDict,
        configuration: CLIPConfiguration,
        tokenizerIn url: URL
    ) throws(EngineFailure) {
        let folder = try ModelFolder(url.path)
        self.source = source
        self.configuration = configuration
        tokenizer = try TokenizerFiles.load(
            configuration.tokenizer,
            beside: url,
            vocabularySize: configuration.vocabSize,
            marks: configuration.marks
        )
        var files: [String: Data] = [:]
        for name in Self.tokenizerNames where folder.has(name) { files[name] = try folder.data(name) }
        tokenizerFiles = files
    }

    /// Builds the model; its tensors become parameters if there is a set for them. What the model derives from them stays
    /// as it is.
    package func build(device: Device, training parameters: ParameterSet? = nil) throws(EngineFailure) -> CLIP {
        try ModelLoader.weights(of: source.path) { () throws(WeightsError) in
            let w =
                if let parameters {
                    Weights(source, device: device, training: parameters)
                } else {
                    Weights(source, device: device)
                }
            return try withoutGradient { () throws(WeightsError) -> CLIP in
                try CLIP(w, configuration: configuration, tokenizer: tokenizer)
            }
        }
    }
}
