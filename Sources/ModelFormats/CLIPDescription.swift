public import Foundation

/// What the tensors of a CLIP do not tell: read from the description that Hugging Face or open_clip put beside it.
public struct CLIPDescription: Sendable, Hashable {
    public enum Activation: String, Sendable, Codable {
        case gelu
        case quickGelu = "quick_gelu"
    }

    /// Of the image tower and the text tower.
    public var imageActivation = Activation.quickGelu
    public var textActivation = Activation.quickGelu
    /// Whether the activations are those of OpenAI's models for want of a description.
    public var isAssumed = true
    /// Where the description sets other numbers of heads than the widths suggest.
    public var heads: Int?
    public var textHeads: Int?
    /// The token at which texts are read off; `nil` for the greatest one, as in OpenAI's models.
    public var endOfText: Int?
    /// Whether pictures are mapped to -1…1 instead of by OpenAI's mean and deviation.
    public var isSymmetric = false
    /// What it says otherwise than the tensors do, in lines.
    public var warnings: [String] = []

    /// Of OpenAI's models.
    public init() {}

    /// Reads `open_clip_config.json` or `config.json` of a folder, if there is either.
    /// - Parameter isOpenAIs: whether the file carries the marks of OpenAI's own files.
    public init(of shape: CLIPShape, in folder: URL, isOpenAIs: Bool) {
        let openCLIP = folder.appending(path: "open_clip_config.json")
        let huggingFace = folder.appending(path: "config.json")
        if isOpenAIs {
            isAssumed = false
        } else if SideFile.exists(openCLIP) {
            read(openCLIP) { $0.readOpenCLIP($1, shape, &$2) }
        } else if SideFile.exists(huggingFace) {
            read(huggingFace) { $0.readHuggingFace($1, shape, &$2) }
        }
    }

    private mutating func read(
        _ file: URL,
        _ body: (inout CLIPDescription, [String: Any], inout Lines) -> Void
    ) {
        let name = file.lastPathComponent
        let json = SideFile.text(file).flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) }
        guard let object = json as? [String: Any] else {
            warnings.append("\(name) cannot be read and was ignored")
            return
        }
        var lines = Lines(name: name)
        body(&self, object, &lines)
        warnings += lines.lines
    }

    // MARK: open_clip

    private mutating func readOpenCLIP(_ object: [String: Any], _ shape: CLIPShape, _ lines: inout Lines) {
        guard let model = object["model_cfg"] as? [String: Any] else { return }
        let vision = model["vision_cfg"] as? [String: Any] ?? [:]
        let text = model["text_cfg"] as? [String: Any] ?? [:]
        isAssumed = false
        let activation: Activation = model["quick_gelu"] as? Bool == true ? .quickGelu : .gelu
        (imageActivation, textActivation) = (activation, activation)
        lines.compare("embed_dim", model["embed_dim"] as? Int, shape.embedding)
        lines.compare("vision_cfg.image_size", vision["image_size"] as? Int, shape.resolution)
        lines.compare("vision_cfg.width", vision["width"] as? Int, shape.width)
        if shape.tower == .transformer {
            lines.compare("vision_cfg.layers", vision["layers"] as? Int, shape.layers[0])
            lines.compare("vision_cfg.patch_size", vision["patch_size"] as? Int, shape.patchSize ?? 0)
            if let width = vision["head_width"] as? Int { heads = Self.quotient(shape.width, width) }
        }
        lines.compare("text_cfg.context_length", text["context_length"] as? Int, shape.contextLength)
        lines.compare("text_cfg.vocab_size", text["vocab_size"] as? Int, shape.vocabulary)
        lines.compare("text_cfg.width", text["width"] as? Int, shape.textWidth)
        lines.compare("text_cfg.layers", text["layers"] as? Int, shape.textLayers)
        if let count = text["heads"] as? Int { textHeads = Self.divisor(of: shape.textWidth, count) }
        let colours = object["preprocess_cfg"] as? [String: Any] ?? [:]
        isSymmetric = [colours["mean"], colours["std"]].allSatisfy { ($0 as? [Double]) == [0.5, 0.5, 0.5] }
    }

    // MARK: Hugging Face

    private mutating func readHuggingFace(_ object: [String: Any], _ shape: CLIPShape, _ lines: inout Lines) {
        // Older files have both towers twice, the second time in full.
        let vision = (object["vision_config_dict"] ?? object["vision_config"]) as? [String: Any]
        let text = (object["text_config_dict"] ?? object["text_config"]) as? [String: Any]
        if vision == nil, text == nil, object["hidden_act"] == nil { return }
        isAssumed = false
        imageActivation = activation(vision?["hidden_act"] ?? object["hidden_act"], &lines)
        textActivation = activation(text?["hidden_act"] ?? object["hidden_act"], &lines)
        lines.compare("projection_dim", object["projection_dim"] as? Int, shape.embedding)
        lines.compare("vision_config.image_size", vision?["image_size"] as? Int, shape.resolution)
        lines.compare("vision_config.hidden_size", vision?["hidden_size"] as? Int, shape.width)
        lines.compare("vision_config.patch_size", vision?["patch_size"] as? Int, shape.patchSize ?? 0)
        lines.compare("text_config.hidden_size", text?["hidden_size"] as? Int, shape.textWidth)
        lines.compare("text_config.vocab_size", text?["vocab_size"] as? Int, shape.vocabulary)
        if let count = vision?["num_attention_heads"] as? Int { heads = Self.divisor(of: shape.width, count) }
        if let count = text?["num_attention_heads"] as? Int { textHeads = Self.divisor(of: shape.textWidth, count) }
        // The number 2 is a mistake of early files, after which the greatest token is meant.
        if let end = text?["eos_token_id"] as? Int, end != 2, (0..<shape.vocabulary).contains(end) { endOfText = end }
    }

    private func activation(_ name: Any?, _ lines: inout Lines) -> Activation {
        guard let name = name as? String else { return .quickGelu }
        if name.hasPrefix("gelu") { return .gelu }
        lines.compare("hidden_act", name, Activation.quickGelu.rawValue)
        return .quickGelu
    }

    private static func divisor(of width: Int, _ count: Int) -> Int? {
        count > 0 && width.isMultiple(of: count) ? count : nil
    }

    private static func quotient(_ width: Int, _ size: Int) -> Int? {
        size > 0 && width.isMultiple(of: size) ? width / size : nil
    }
}
