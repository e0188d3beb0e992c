/// The architecture of a CLIP under OpenAI's names, as its tensors show it.
public struct CLIPShape: Sendable, Hashable, Codable {
    public enum Tower: String, Sendable, Codable {
        /// OpenAI's `VisionTransformer`.
        case transformer = "vit"
        /// OpenAI's `ModifiedResNet`.
        case resNet = "modified_resnet"
        /// The built-in pair's convolutional network.
        case convnet
    }

    /// Width of the space that both towers map into.
    public var embedding: Int
    /// Side of the pictures in pixels.
    public var resolution: Int
    public var tower: Tower
    /// Channels of the transformer, or of the first stage of a network of convolutions.
    public var width: Int
    public var heads: Int
    /// Blocks of the transformer as the only entry, or of each stage.
    public var layers: [Int]
    /// Side of the transformer's patches in pixels.
    public var patchSize: Int?
    /// Places for tokens, with the start and end marks.
    public var contextLength: Int
    /// Number of tokens that the text tower knows.
    public var vocabulary: Int
    public var textWidth: Int
    public var textHeads: Int
    public var textLayers: Int

    private enum CodingKeys: String, CodingKey {
        case embedding, resolution, tower, width, heads, layers
        case patchSize = "patch_size"
        case contextLength = "context_length"
        case vocabulary
        case textWidth = "text_width"
        case textHeads = "text_heads"
        case textLayers = "text_layers"
    }

    /// Reads the architecture off the tensors, as OpenAI's `build_model` does.
    /// - Throws: ``ModelFormatError`` when this is no CLIP, or one whose image tower is of another kind.
    public init(_ shapes: TensorShapes) throws(ModelFormatError) {
        let projection = try shapes.matrix("text_projection")
        (textWidth, embedding) = (projection[0], projection[1])
        textHeads = max(1, textWidth / 64)
        textLayers = (shapes / "transformer" / "resblocks").childCount
        contextLength = try shapes.matrix("positional_embedding")[0]
        vocabulary = try (shapes / "token_embedding").matrix("weight")[0]
        let visual = shapes / "visual"
        if visual.has("proj") {
            tower = .transformer
            let kernel = try (visual / "conv1").kernel("weight")
            (width, patchSize) = (kernel[0], kernel[2])
            heads = Self.heads(ofWidth: kernel[0])
            layers = [(visual / "transformer" / "resblocks").childCount]
            let places = try visual.matrix("positional_embedding")[0]
            resolution = VQGANShape.side(of: places - 1) * kernel[2]
        } else if (visual / "stem" / "conv1").has("weight") {
            tower = .convnet
            width = try (visual / "stem" / "conv1").kernel("weight")[0]
            heads = 1
            var stages: [Int] = []
            while !(visual / "layer\(stages.count + 1)").isEmpty {
                stages.append((visual / "layer\(stages.count + 1)").childCount)
            }
            layers = stages
            let places = try (visual / "attnpool").matrix("positional_embedding")[0]
            resolution = VQGANShape.side(of: places - 1) << (stages.count + 1)
        } else if (visual / "attnpool").has("positional_embedding") {
            tower = .resNet
            width = try (visual / "layer1" / 0 / "conv1").kernel("weight")[0]
            heads = max(1, width * 32 / 64)
            layers = (1...4).map { (visual / "layer\($0)").childCount }
            let places = try (visual / "attnpool").matrix("positional_embedding")[0]
            resolution = VQGANShape.side(of: places - 1) * 32
        } else {
            throw .unsupported("is a CLIP whose image tower is neither a ViT nor a ModifiedResNet")
        }
    }

    /// Heads of a vision transformer: one per 64 channels, but for open_clip's three largest, which have 16.
    private static func heads(ofWidth width: Int) -> Int {
        [1280, 1408, 1664].contains(width) ? 16 : max(1, width / 64)
    }

    /// The name of OpenAI's model of this architecture, if there is one.
    public var openAIName: String? {
        guard contextLength == 77, vocabulary == 49_408 else { return nil }
        return Self.openAI.first { known in
            known.tower == tower && known.embedding == embedding && known.resolution == resolution
                && known.width == width && known.layers == layers && known.patch == patchSize
        }?.name
    }

    private static let openAI:
        [(name: String, tower: Tower, embedding: Int, resolution: Int, width: Int, layers: [Int], patch: Int?)] = [
            ("RN50", .resNet, 1024, 224, 64, [3, 4, 6, 3], nil),
            ("RN101", .resNet, 512, 224, 64, [3, 4, 23, 3], nil),
            ("RN50x4", .resNet, 640, 288, 80, [4, 6, 10, 6], nil),
            ("RN50x16", .resNet, 768, 384, 96, [6, 8, 18, 8], nil),
            ("RN50x64", .resNet, 1024, 448, 128, [3, 15, 36, 10], nil),
            ("ViT-B/32", .transformer, 512, 224, 768, [12], 32),
            ("ViT-B/16", .transformer, 512, 224, 768, [12], 16),
            ("ViT-L/14", .transformer, 768, 224, 1024, [24], 14),
            ("ViT-L/14@336px", .transformer, 768, 336, 1024, [24], 14),
        ]
}
