import EngineKit
import Torch

/// The losses of a step and their gradient with respect to the picture.
struct ImageGradient {
    /// One value per target.
    let losses: [Double]
    /// The sources that cutouts were taken from, still attached to the picture, with the gradient of each.
    private let sources: [(attached: Tensor, gradient: Tensor)]

    /// Sends the gradient on through the picture to whatever it was made from, in one backward.
    func backward() throws(TorchError) {
        guard let first = sources.first else { return }
        if sources.count == 1 { return try first.attached.backward(first.gradient) }
        var total = try (first.attached * first.gradient).sum()
        for source in sources.dropFirst() { total = try total + (source.attached * source.gradient).sum() }
        try total.backward()
    }

    /// Cuts the picture up, embeds the cutouts in micro-batches and adds up the gradients at the shared sources.
    ///
    /// Memory is bounded by one micro-batch; the result equals that of a single batch up to rounding because the loss is
    /// a mean over cutouts.
    /// - Parameters:
    ///   - picture: [1, 3, H, W] in 0…1.
    ///   - features: the image tower, [N, 3, R, R] → [N, E].
    static func compute(
        picture: Tensor,
        plans: [CutoutPlan],
        colorOrder: [Int],
        sampler: CutoutSampler,
        targets: [PromptTarget],
        microBatch: Int,
        features: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> ImageGradient {
        if targets.isEmpty { return ImageGradient(losses: [], sources: []) }
        let attached = try sampler.sources(of: picture, plans: plans)
        var leaves: [Tensor] = []
        for source in attached { leaves.append(try source.detached().requiringGradient()) }
        var totals = [Double](repeating: 0, count: targets.count)
        var start = 0
        while start < plans.count {
            let end = min(plans.count, start + max(1, microBatch))
            let cutouts = try sampler.cutouts(of: plans[start..<end], from: leaves, colorOrder: colorOrder)
            let embedded = try features(cutouts).normalized()
            let values = try losses(embedded, targets, cutouts: plans.count)
            if let total = try sum(values) { try total.backward() }
            for (index, value) in values.enumerated() { totals[index] += try value.item() }
            start = end
        }
        var sources: [(Tensor, Tensor)] = []
        for (source, leaf) in zip(attached, leaves) {
            if let gradient = try leaf.gradient() { sources.append((source, gradient)) }
        }
        return ImageGradient(losses: totals, sources: sources)
    }

    private static func losses(
        _ features: Tensor,
        _ targets: [PromptTarget],
        cutouts: Int
    ) throws(TorchError) -> [Tensor] {
        var values: [Tensor] = []
        for target in targets {
            values.append(try PromptLoss.value(features, target, pairs: cutouts * target.embeddings.shape[0]))
        }
        return values
    }

    private static func sum(_ values: [Tensor]) throws(TorchError) -> Tensor? {
        guard var total = values.first else { return nil }
        for value in values.dropFirst() { total = try total + value }
        return total
    }
}
