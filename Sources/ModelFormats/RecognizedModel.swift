public import WeightFiles

/// What a weight file is, found out by the names and shapes of its tensors alone.
public struct RecognizedModel: Sendable {
    public enum Architecture: Sendable, Hashable {
        case vqgan(VQGANShape)
        case clip(CLIPShape)
    }

    /// The way in which the file names its tensors.
    public enum Layout: String, Sendable, Codable {
        case vqModel = "VQModel of taming-transformers"
        case gumbelVQ = "GumbelVQ of taming-transformers"
        case net2Net = "first stage of a Net2Net of taming-transformers"
        case openAI = "CLIP as OpenAI and open_clip store it"
        case customText = "CLIP as newer open_clip stores it, the text tower by itself"
        case huggingFace = "CLIPModel of Hugging Face"
    }

    public let architecture: Architecture
    public let layout: Layout
    /// What stood before the names in the file.
    public let prefix: String
    /// Where every tensor comes from that may be the model's, by the names of taming-transformers or OpenAI. A tensor
    /// that the model turns out not to know is an unknown part of it.
    public let sources: [String: TensorSource]
    /// Tensors that are not needed to paint.
    public let ignored: [String: IgnoredReason]

    /// - Throws: ``ModelFormatError`` with what is wrong when a file is neither a VQGAN nor a CLIP, or one that has lost
    ///   a part or is of an unsupported kind.
    public init(_ shapes: [String: [Int]]) throws(ModelFormatError) {
        let keys = shapes.keys.sorted()
        if let prefix = VQGANKeys.prefix(in: keys) {
            let plan = VQGANKeys.plan(keys, prefix: prefix)
            let shape = try VQGANShape(Self.canonical(plan, shapes))
            self.prefix = prefix
            architecture = .vqgan(shape)
            layout = prefix.hasSuffix("first_stage_model.") ? .net2Net : shape.isGumbel ? .gumbelVQ : .vqModel
            (sources, ignored) = (plan.sources, plan.ignored)
        } else if let (layout, prefix) = CLIPKeys.layout(of: keys) {
            let plan = CLIPKeys.plan(keys, layout, prefix: prefix)
            guard plan.sources.keys.contains(where: { $0.hasPrefix("visual.") }) else {
                throw .unsupported("has only the text tower of a CLIP")
            }
            self.prefix = prefix
            architecture = .clip(try CLIPShape(Self.canonical(plan, shapes)))
            self.layout =
                switch layout {
                case .openAI: .openAI
                case .customText: .customText
                case .huggingFace: .huggingFace
                }
            (sources, ignored) = (plan.sources, plan.ignored)
        } else {
            throw .unsupported(Self.describe(keys))
        }
    }

    /// - Throws: ``ModelFormatError``.
    public init(_ file: WeightFile) throws(ModelFormatError) {
        var shapes: [String: [Int]] = [:]
        for key in file.keys { shapes[key] = file.info(key)?.shape }
        try self.init(shapes)
    }

    /// The shapes under the names of taming-transformers or OpenAI.
    private static func canonical(_ plan: TensorPlan, _ shapes: [String: [Int]]) -> TensorShapes {
        TensorShapes(plan.sources.compactMapValues { $0.shape { shapes[$0] } })
    }

    private static func describe(_ keys: [String]) -> String {
        if keys.isEmpty { return "has no tensors" }
        if keys.contains(where: { $0.hasSuffix("vision_model.embeddings.class_embedding") }) {
            return "has only the image tower of a CLIP"
        }
        if keys.contains(where: { $0.hasSuffix("encoder.conv_in.weight") }) { return "has no decoder" }
        return "is neither a VQGAN nor a CLIP; its first tensor is \(keys[0])"
    }

    /// Whether a tensor, by its name in ``sources``, is needed only where pictures are turned into codes.
    public func isOfEncoder(_ name: String) -> Bool {
        if case .vqgan = architecture { VQGANKeys.isOfEncoder(name) } else { false }
    }
}
