import ModelFormats
import Tokenizers
import Torch

extension VQGANConfiguration {
    /// The configuration of a taming network of this shape; attention levels become resolutions of a nominal 256.
    init(_ shape: VQGANShape) {
        self.init(
            embedDim: shape.codeWidth,
            nEmbed: shape.codes,
            ddconfig: Networks(
                doubleZ: shape.doubleZ,
                zChannels: shape.zChannels,
                ch: shape.channels,
                chMult: shape.multipliers,
                numResBlocks: shape.blocks,
                attnResolutions: shape.attentionLevels.map { 256 >> $0 },
                midAttention: shape.hasMiddleAttention,
                patchSize: shape.patchSize
            )
        )
    }

    /// Reads the shape of a taming network off its tensors.
    /// - Throws: ``WeightsError/file(path:problem:)`` when this is not a VQGAN.
    init(inferredFrom w: Weights) throws(WeightsError) {
        do {
            self.init(try VQGANShape(TensorShapes(w.shapes)))
        } catch {
            throw .file(path: w.path, problem: error.description)
        }
    }
}

extension CLIPConfiguration {
    /// The configuration of a CLIP of this shape, with what a description beside it says.
    init(_ shape: CLIPShape, _ description: CLIPDescription) {
        func activation(_ activation: CLIPDescription.Activation) -> Activation {
            activation == .gelu ? .gelu : .quickGelu
        }
        self.init(
            embedDim: shape.embedding,
            imageResolution: shape.resolution,
            vision: Vision(
                kind: Vision.Kind(shape.tower),
                widths: [shape.width],
                heads: description.heads ?? shape.heads,
                layers: shape.layers,
                patchSize: shape.patchSize,
                activation: activation(description.imageActivation),
                inputRange: description.isSymmetric ? [-1, 1] : nil
            ),
            contextLength: shape.contextLength,
            vocabSize: shape.vocabulary,
            transformerWidth: shape.textWidth,
            transformerHeads: description.textHeads ?? shape.textHeads,
            transformerLayers: shape.textLayers,
            activation: activation(description.textActivation),
            sotID: max(0, shape.vocabulary - 2),
            eotID: description.endOfText ?? max(0, shape.vocabulary - 1),
            poolsAtGreatestID: description.endOfText == nil,
            tokenizer: .bytes
        )
    }

    /// Reads the shape of one of OpenAI's models off its tensors.
    /// - Throws: ``WeightsError/file(path:problem:)`` when this is not a CLIP.
    init(inferredFrom w: Weights) throws(WeightsError) {
        do {
            self.init(try CLIPShape(TensorShapes(w.shapes)), CLIPDescription())
        } catch {
            throw .file(path: w.path, problem: error.description)
        }
    }
}

extension CLIPConfiguration.Vision.Kind {
    init(_ tower: CLIPShape.Tower) {
        self =
            switch tower {
            case .transformer: .transformer
            case .resNet: .resNet
            case .convnet: .convnet
            }
    }
}
