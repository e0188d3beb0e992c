import Torch

/// What one prompt contributes to the objective.
struct PromptTarget {
    /// [K, E], each row of length 1.
    let embeddings: Tensor
    let weight: Double
    /// A pair contributes to the gradient only while its signed distance is above this; `nil` for always.
    let stop: Double?
}

/// The distance between cutouts and prompts, as in Katherine Crowson's VQGAN+CLIP.
enum PromptLoss {
    /// Keeps the distance's derivative finite where two embeddings coincide or are opposite.
    private static let margin = 1e-6

    /// 2 · arcsin(‖u − v‖ / 2)² for every pair of rows of length 1: [N, E] and [K, E] → [N, K], 0…π²/2.
    static func sphericalDistance(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        let (n, k, width) = (a.shape[0], b.shape[0], b.shape[1])
        let difference = try a.reshaped([n, 1, width]) - b.reshaped([1, k, width])
        let squared = try difference.squared().sum(2).maximum(margin * margin)
        let chord = try squared.squareRoot().clamped(margin, 2 - margin)
        return try (chord / 2).arcsine().squared() * 2
    }

    /// |weight| · the sum over pairs of sign(weight) · distance, divided by `pairs`.
    ///
    /// The value is unaffected by the stop; the gradient is that of max(signed distance, stop).
    /// - Parameters:
    ///   - features: [N, E], each row of length 1.
    ///   - pairs: all pairs of the step, of which this may be a micro-batch.
    static func value(_ features: Tensor, _ target: PromptTarget, pairs: Int) throws(TorchError) -> Tensor {
        let sign: Double = target.weight < 0 ? -1 : target.weight > 0 ? 1 : 0
        var signed = try sphericalDistance(features, target.embeddings) * sign
        if let stop = target.stop { signed = try signed.withGradient(to: signed.maximum(stop)) }
        return try signed.sum() * (abs(target.weight) / Double(pairs))
    }
}
