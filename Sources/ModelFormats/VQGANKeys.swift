/// The names of a VQGAN's tensors in checkpoints of taming-transformers.
enum VQGANKeys {
    private static let landmark = "decoder.conv_in.weight"
    /// Where a Net2Net has the models that it is conditioned on, which may be VQGANs themselves.
    private static let condition = "cond_stage_model."

    /// What stands before the names: nothing, `first_stage_model.`, `module.` or the like; `nil` if there is no decoder.
    static func prefix(in keys: [String]) -> String? {
        keys.filter { $0 == landmark || $0.hasSuffix("." + landmark) }
            .map { String($0.dropLast(landmark.count)) }
            .filter { !$0.contains(condition) }
            .min { ($0.count, $0) < ($1.count, $1) }
    }

    static func plan(_ keys: [String], prefix: String) -> TensorPlan {
        var plan = TensorPlan()
        for key in keys {
            guard key.hasPrefix(prefix) else {
                plan.ignored[key] = outside(key)
                continue
            }
            let name = String(key.dropFirst(prefix.count))
            if let reason = unneeded(name) {
                plan.ignored[key] = reason
            } else {
                plan.sources[name] = .stored(key)
            }
        }
        return plan
    }

    /// Parts of the model itself that only its training needs.
    private static func unneeded(_ name: String) -> IgnoredReason? {
        if name.hasPrefix("loss.") { return .loss }
        if name.hasPrefix("transformer.") { return .transformer }
        if name.hasPrefix(condition) || name.hasPrefix("permuter.") { return .condition }
        if name.hasSuffix(".mask") || name == "colorize" { return .mask }
        let averages = [
            "quantize.ema", "quantize.embedding.ema", "quantize.embedding.cluster_size", "quantize.cluster_size",
            "quantize.embed_avg", "quantize.embedding.embed_avg", "model_ema.",
        ]
        return averages.contains { name.hasPrefix($0) } ? .average : nil
    }

    private static func outside(_ key: String) -> IgnoredReason {
        if key.hasPrefix("transformer.") { return .transformer }
        if key.hasPrefix(condition) || key.hasPrefix("permuter.") { return .condition }
        return key.hasSuffix(".mask") ? .mask : .elsewhere
    }

    /// Whether a tensor is needed only to turn pictures into codes.
    static func isOfEncoder(_ name: String) -> Bool {
        ["encoder.", "quant_conv.", "quantize.proj."].contains { name.hasPrefix($0) }
    }
}
