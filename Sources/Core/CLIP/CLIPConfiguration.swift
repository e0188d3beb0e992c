package import Tokenizers
import Torch

/// The shape of a CLIP: written beside or inside its weights, or read off the tensors of OpenAI's models.
package struct CLIPConfiguration: Sendable, Hashable, Codable {
    /// Width of the space that both towers map into.
    package var embedDim: Int
    /// Side of the pictures that the image tower takes, in pixels.
    package var imageResolution: Int
    package var vision: Vision
    /// Places for tokens, with the start and end marks.
    package var contextLength: Int
    package var vocabSize: Int
    package var transformerWidth: Int
    package var transformerHeads: Int
    package var transformerLayers: Int
    /// Of the text tower.
    package var activation = Activation.quickGelu
    package var padID = 0
    package var sotID: Int
    package var eotID: Int
    /// Whether the text is read off at the greatest token id instead of at `eotID`, as in OpenAI's models.
    package var poolsAtGreatestID = false
    package var normEps = 1e-5
    package var tokenizer = TokenizerKind.words

    private enum CodingKeys: String, CodingKey {
        case embedDim = "embed_dim"
        case imageResolution = "image_resolution"
        case vision
        case contextLength = "context_length"
        case vocabSize = "vocab_size"
        case transformerWidth = "transformer_width"
        case transformerHeads = "transformer_heads"
        case transformerLayers = "transformer_layers"
        case activation
        case padID = "pad_id"
        case sotID = "sot_id"
        case eotID = "eot_id"
        case poolsAtGreatestID = "pools_at_greatest_id"
        case normEps = "norm_eps"
        case tokenizer
    }

    package enum Activation: String, Sendable, Codable {
        case gelu
        case quickGelu = "quick_gelu"
        case silu

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            switch self {
            case .gelu: try x.gelu()
            case .quickGelu: try x.quickGelu()
            case .silu: try x.silu()
            }
        }
    }

    /// The image tower.
    package struct Vision: Sendable, Hashable, Codable {
        package enum Kind: String, Sendable, Codable {
            /// OpenAI's `VisionTransformer`.
            case transformer = "vit"
            /// OpenAI's `ModifiedResNet`.
            case resNet = "modified_resnet"
            /// The built-in pair's convolutional network.
            case convnet
        }

        package var kind: Kind
        /// Channels: of the transformer or of the ResNet's first stage as the only entry; of the convnet's two stem
        /// convolutions and its stages.
        package var widths: [Int]
        package var heads: Int
        /// Blocks of the transformer as the only entry, or of each stage; without entries, the convnet's stages have as
        /// many as there are weights for.
        package var layers: [Int] = []
        /// Side of the transformer's patches in pixels.
        package var patchSize: Int?
        var activation = Activation.quickGelu
        /// What 0…1 is mapped to before the tower; `nil` stands for OpenAI's mean and deviation per colour.
        package var inputRange: [Double]?
        /// Whether the convnet has batch normalisation after its convolutions, which then have no bias; the built-in
        /// pair's is folded into them.
        package var batchNorm = false

        private enum CodingKeys: String, CodingKey {
            case kind, widths, heads, layers, activation
            case patchSize = "patch_size"
            case inputRange = "input_range"
            case batchNorm = "batch_norm"
        }
    }
}

extension CLIPConfiguration {
    /// What stands around a text, and how many places there are.
    var marks: TokenMarks { TokenMarks(start: sotID, end: eotID, padding: padID, contextLength: contextLength) }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        embedDim = try values.decode(Int.self, forKey: .embedDim)
        imageResolution = try values.decode(Int.self, forKey: .imageResolution)
        vision = try values.decode(Vision.self, forKey: .vision)
        contextLength = try values.decode(Int.self, forKey: .contextLength)
        vocabSize = try values.decode(Int.self, forKey: .vocabSize)
        transformerWidth = try values.decode(Int.self, forKey: .transformerWidth)
        transformerHeads = try values.decode(Int.self, forKey: .transformerHeads)
        transformerLayers = try values.decode(Int.self, forKey: .transformerLayers)
        sotID = try values.decode(Int.self, forKey: .sotID)
        eotID = try values.decode(Int.self, forKey: .eotID)
        activation = try values.decodeIfPresent(Activation.self, forKey: .activation) ?? activation
        padID = try values.decodeIfPresent(Int.self, forKey: .padID) ?? padID
        poolsAtGreatestID = try values.decodeIfPresent(Bool.self, forKey: .poolsAtGreatestID) ?? poolsAtGreatestID
        normEps = try values.decodeIfPresent(Double.self, forKey: .normEps) ?? normEps
        tokenizer = try values.decodeIfPresent(TokenizerKind.self, forKey: .tokenizer) ?? tokenizer
        try validate(values)
    }

    /// Refuses numbers that no network can have, before anything is computed from them.
    private func validate(_ values: KeyedDecodingContainer<CodingKeys>) throws {
        func require(_ key: CodingKeys, _ isPossible: Bool) throws {
            guard isPossible else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "impossible value")
            }
        }
        let sizes = 1...1_000_000
        try require(.embedDim, sizes.contains(embedDim))
        try require(.imageResolution, (1...8192).contains(imageResolution))
        try require(.contextLength, (3...65_536).contains(contextLength))
        try require(.vocabSize, sizes.contains(vocabSize))
        try require(.transformerWidth, sizes.contains(transformerWidth))
        try require(.transformerHeads, sizes.contains(transformerHeads) && transformerWidth % transformerHeads == 0)
        try require(.transformerLayers, (1...1024).contains(transformerLayers))
        for (key, id) in [(CodingKeys.padID, padID), (.sotID, sotID), (.eotID, eotID)] {
            try require(key, (0..<vocabSize).contains(id))
        }
        try require(.vision, vision.isPossible)
    }
}

extension CLIPConfiguration.Vision {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        kind = try values.decode(Kind.self, forKey: .kind)
        widths = try values.decode([Int].self, forKey: .widths)
        heads = try values.decode(Int.self, forKey: .heads)
        layers = try values.decodeIfPresent([Int].self, forKey: .layers) ?? layers
        patchSize = try values.decodeIfPresent(Int.self, forKey: .patchSize)
        activation = try values.decodeIfPresent(CLIPConfiguration.Activation.self, forKey: .activation) ?? activation
        inputRange = try values.decodeIfPresent([Double].self, forKey: .inputRange)
        batchNorm = try values.decodeIfPresent(Bool.self, forKey: .batchNorm) ?? batchNorm
    }

    fileprivate var isPossible: Bool {
        let hasSizes =
            switch kind {
            case .transformer: widths.count == 1 && layers.count == 1 && (patchSize ?? 0) > 0
            case .resNet: widths.count == 1 && layers.count == 4
            case .convnet: (3...16).contains(widths.count)
            }
        let numbers = widths + layers + [heads, patchSize ?? 1]
        return hasSizes && numbers.allSatisfy { (1...1_000_000).contains($0) } && (inputRange?.count ?? 2) == 2
    }
}

extension CLIPConfiguration {
    /// Whether the text tower is so small that reading it again for every text would spare nothing worth the wait.
    var isTextSmall: Bool { vocabSize * transformerWidth < 4 << 20 }
}
