import EngineKit
import Foundation
import WeightFiles

/// Which tensors of a weight file a run needs, and under which names they are kept.
struct WeightSelection {
    let kind: ModelKind
    /// Names in the file by the names to keep.
    let tensors: [String: String]
    /// Such as `f=16, 1024 codes`; `nil` when the shapes do not say.
    let architecture: String?

    /// Recognises a VQGAN or a CLIP by the names of its tensors.
    /// - Returns: `nil` when it is neither.
    init?(_ file: WeightFile) {
        let keys = file.keys
        if let prefix = Self.prefix(of: "decoder.conv_in.weight", in: keys) {
            kind = .vqgan
            tensors = Self.chosen(keys, prefix, Self.isOfVQGAN)
            architecture = Self.vqgan(file, prefix)
        } else if let prefix = Self.prefix(of: "vision_model.embeddings.patch_embedding.weight", in: keys) {
            kind = .clip
            tensors = Self.chosen(keys, prefix, Self.isOfHuggingFace)
            architecture = Self.huggingFace(file, prefix)
        } else if let prefix = Self.prefix(of: "text_projection", in: keys)
            ?? Self.prefix(of: "text.token_embedding.weight", in: keys)
        {
            // Newer open_clip keeps the text tower in a place of its own, beside the other one.
            let place = prefix.hasSuffix("text.") ? String(prefix.dropLast("text.".count)) : prefix
            kind = .clip
            tensors = Self.chosen(keys, place, Self.isOfCLIP)
            architecture = Self.openAI(file, place)
        } else {
            return nil
        }
    }

    /// What stands before the name in the file: nothing, `first_stage_model.` or `module.`. What a Net2Net is conditioned
    /// on may be a VQGAN itself, but not the one that paints.
    private static func prefix(of name: String, in keys: [String]) -> String? {
        keys.filter { ($0 == name || $0.hasSuffix("." + name)) && !$0.contains("cond_stage_model.") }
            .map { String($0.dropLast(name.count)) }
            .min { $0.count < $1.count }
    }

    private static func chosen(_ keys: [String], _ prefix: String, _ isWanted: (String) -> Bool) -> [String: String] {
        var result: [String: String] = [:]
        for key in keys where key.hasPrefix(prefix) {
            let name = String(key.dropFirst(prefix.count))
            if isWanted(name) { result[name] = key }
        }
        return result
    }

    private static func isOfVQGAN(_ name: String) -> Bool {
        let codebook = [
            "quantize.embedding.weight", "quantize.embed.weight", "quantize.proj.weight", "quantize.proj.bias",
        ]
        return ["encoder.", "decoder.", "quant_conv.", "post_quant_conv."].contains { name.hasPrefix($0) }
            || codebook.contains(name)
    }

    /// Everything but a mask that is always the same, and counters. The three sizes that OpenAI's files state are kept:
    /// they tell that a model is one of OpenAI's, and so which GELU it has.
    private static func isOfCLIP(_ name: String) -> Bool {
        !name.hasSuffix("attn_mask") && !name.hasSuffix("num_batches_tracked")
    }

    private static func isOfHuggingFace(_ name: String) -> Bool {
        let single = ["text_projection.weight", "visual_projection.weight", "logit_scale"]
        return single.contains(name)
            || ((name.hasPrefix("text_model.") || name.hasPrefix("vision_model.")) && !name.hasSuffix("position_ids"))
    }
}

// What the shapes say about a model, in a few words.
extension WeightSelection {
    private static func vqgan(_ file: WeightFile, _ prefix: String) -> String? {
        let plain = file.info(prefix + "quantize.embedding.weight")
        guard let codes = (plain ?? file.info(prefix + "quantize.embed.weight"))?.shape.first else { return nil }
        var levels = 0
        while file.info("\(prefix)decoder.up.\(levels).block.0.norm1.weight") != nil { levels += 1 }
        guard levels > 0 else { return nil }
        // A decoder that ends in patches gives three colours for each of their pixels.
        let colours = file.info(prefix + "decoder.conv_out.weight")?.shape.first ?? 3
        let patch = max(1, Int((Double(colours) / 3).squareRoot().rounded()))
        return "f=\(patch << (levels - 1)), \(codes) codes" + (plain == nil ? ", Gumbel" : "")
    }

    private static func openAI(_ file: WeightFile, _ prefix: String) -> String? {
        guard let features = file.info(prefix + "text_projection")?.shape.last,
            let stem = file.info(prefix + "visual.conv1.weight")?.shape, stem.count == 4
        else { return nil }
        if let places = file.info(prefix + "visual.positional_embedding")?.shape.first {
            return vit(patch: stem[3], places: places, features: features)
        }
        guard let places = file.info(prefix + "visual.attnpool.positional_embedding")?.shape.first else { return nil }
        let blocks = (1...4).map { layer in
            var count = 0
            while file.info("\(prefix)visual.layer\(layer).\(count).conv1.weight") != nil { count += 1 }
            return "\(count)"
        }
        return "ResNet \(blocks.joined(separator: "-")), \(side(places) * 32) px, \(features) features"
    }

    private static func huggingFace(_ file: WeightFile, _ prefix: String) -> String? {
        guard let features = file.info(prefix + "text_projection.weight")?.shape.first,
            let stem = file.info(prefix + "vision_model.embeddings.patch_embedding.weight")?.shape, stem.count == 4,
            let places = file.info(prefix + "vision_model.embeddings.position_embedding.weight")?.shape.first
        else { return nil }
        return vit(patch: stem[3], places: places, features: features)
    }

    private static func vit(patch: Int, places: Int, features: Int) -> String {
        "ViT, \(side(places) * patch) px, patch \(patch), \(features) features"
    }

    /// The side of the square of places, of which one is for the whole picture.
    private static func side(_ places: Int) -> Int { Int(Double(max(0, places - 1)).squareRoot().rounded()) }
}
