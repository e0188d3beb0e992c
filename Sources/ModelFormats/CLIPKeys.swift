/// The names of a CLIP's tensors in the layouts it comes in, and what they are under OpenAI's names.
enum CLIPKeys {
    enum Layout {
        /// OpenAI's own, and open_clip's.
        case openAI
        /// open_clip's with the text tower below `text.`.
        case customText
        /// Hugging Face's `CLIPModel`.
        case huggingFace

        /// A name that only this layout has.
        var landmark: String {
            switch self {
            case .openAI: "token_embedding.weight"
            case .customText: "text.token_embedding.weight"
            case .huggingFace: "text_model.embeddings.token_embedding.weight"
            }
        }
    }

    /// The layout, and what stands before the names, such as `module.`; `nil` if there is no text tower.
    static func layout(of keys: [String]) -> (layout: Layout, prefix: String)? {
        for layout in [Layout.huggingFace, .customText, .openAI] {
            let places = keys.filter { $0 == layout.landmark || $0.hasSuffix("." + layout.landmark) }
            if let place = places.min(by: { ($0.count, $0) < ($1.count, $1) }) {
                return (layout, String(place.dropLast(layout.landmark.count)))
            }
        }
        return nil
    }

    static func plan(_ keys: [String], _ layout: Layout, prefix: String) -> TensorPlan {
        var plan = TensorPlan()
        for key in keys {
            guard key.hasPrefix(prefix) else {
                plan.ignored[key] = .elsewhere
                continue
            }
            let name = String(key.dropFirst(prefix.count))
            if let reason = unneeded(name) {
                plan.ignored[key] = reason
                continue
            }
            switch layout {
            case .openAI: plan.addOpenAI(name, key)
            case .customText:
                plan.addOpenAI(name.hasPrefix("text.") ? String(name.dropFirst("text.".count)) : name, key)
            case .huggingFace: plan.addHuggingFace(name, key)
            }
        }
        return plan
    }

    private static func unneeded(_ name: String) -> IgnoredReason? {
        if ["input_resolution", "context_length", "vocab_size"].contains(name) { return .size }
        if name.hasSuffix("attn_mask") || name.hasSuffix("position_ids") { return .mask }
        return name.hasSuffix("num_batches_tracked") ? .average : nil
    }
}

extension TensorPlan {
    fileprivate mutating func addOpenAI(_ name: String, _ key: String) {
        // A linear layer stores what OpenAI multiplies from the right with its rows and columns exchanged.
        if name == "text_projection.weight" {
            sources["text_projection"] = .transposed(key)
        } else {
            sources[name] = .stored(key)
        }
    }

    private static let single: [String: String] = [
        "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight": "positional_embedding",
        "vision_model.embeddings.class_embedding": "visual.class_embedding",
        "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
        "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    ]

    /// Beginnings of names; the misspelling is in Hugging Face's own.
    private static let places: [(theirs: String, ours: String)] = [
        ("text_model.final_layer_norm.", "ln_final."),
        ("vision_model.pre_layrnorm.", "visual.ln_pre."),
        ("vision_model.post_layernorm.", "visual.ln_post."),
    ]

    private static let towers: [(theirs: String, ours: String)] = [
        ("text_model.encoder.layers.", "transformer.resblocks."),
        ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
    ]

    private static let blockParts: [String: String] = [
        "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
        "self_attn.out_proj": "attn.out_proj",
    ]

    private static let projections = ["q_proj", "k_proj", "v_proj"]

    fileprivate mutating func addHuggingFace(_ name: String, _ key: String) {
        if let ours = Self.single[name] {
            sources[ours] = .stored(key)
        } else if name == "text_projection.weight" {
            sources["text_projection"] = .transposed(key)
        } else if name == "visual_projection.weight" {
            sources["visual.proj"] = .transposed(key)
        } else if let place = Self.places.first(where: { name.hasPrefix($0.theirs) }) {
            sources[place.ours + name.dropFirst(place.theirs.count)] = .stored(key)
        } else if let tower = Self.towers.first(where: { name.hasPrefix($0.theirs) }) {
            addBlock(tower.ours, name.dropFirst(tower.theirs.count), key)
        } else {
            sources[name] = .stored(key)
        }
    }

    /// - Parameter rest: such as `3.mlp.fc1.weight`.
    private mutating func addBlock(_ tower: String, _ rest: Substring, _ key: String) {
        let parts = rest.split(separator: ".")
        guard parts.count >= 3, let index = parts.first, let kind = parts.last else {
            sources[key] = .stored(key)
            return
        }
        let part = parts.dropFirst().dropLast().joined(separator: ".")
        if let ours = Self.blockParts[part] {
            sources["\(tower)\(index).\(ours).\(kind)"] = .stored(key)
        } else if let projection = Self.projections.first(where: { part == "self_attn.\($0)" }) {
            // OpenAI has the three in one matrix.
            let stem = key.dropLast(projection.count + 1 + kind.count)
            let parts = Self.projections.map { "\(stem)\($0).\(kind)" }
            sources["\(tower)\(index).attn.in_proj_\(kind)"] = .joined(parts)
        } else {
            sources[key] = .stored(key)
        }
    }
}
