import Torch

/// How the parameters of new models begin, by key and shape: PyTorch's defaults and what OpenAI's CLIP does.
enum InitialRules {
    /// The rules for a new model; none for one whose tensors must all be there.
    static func forModel(isNew: Bool) -> ((String, [Int]) -> InitialValues)? {
        isNew ? { values($0, $1) } : nil
    }

    static func values(_ key: String, _ shape: [Int]) -> InitialValues {
        let name = key.split(separator: ".").suffix(2).map(String.init)
        let last = name.last ?? ""
        let owner = name.count > 1 ? name[0] : ""
        switch (last, shape.count) {
        case ("logit_scale", _): return .constant(2.64)
        case ("running_var", _): return .constant(1)
        case ("running_mean", _): return .constant(0)
        case ("weight", 2) where owner == "token_embedding": return .normal(deviation: 0.02)
        case ("weight", 2) where owner == "embedding": return .normal(deviation: 0.5)
        case ("positional_embedding", 2) where key.contains("attnpool"), ("text_projection", 2), ("proj", 2):
            return .normal(deviation: inverseRoot(shape[shape.count - 1]))
        case ("positional_embedding", 2): return .normal(deviation: 0.01)
        case ("class_embedding", 1): return .normal(deviation: inverseRoot(shape[0]))
        // The last normalisation of a residual block begins at zero, so that the block begins as the identity.
        case ("weight", 1) where key.contains("layer") && (owner == "conv2_bn" || owner == "bn3"): return .constant(0)
        case ("weight", 1): return .constant(1)
        case ("in_proj_weight", 2): return .uniform(bound: (6 / Double(shape[0] / 3 + shape[1])).squareRoot())
        case ("weight", 2...): return .uniform(bound: inverseRoot(shape.dropFirst().reduce(1, *)))
        default: return .constant(0)
        }
    }

    private static func inverseRoot(_ count: Int) -> Double { 1 / Double(max(1, count)).squareRoot() }
}
