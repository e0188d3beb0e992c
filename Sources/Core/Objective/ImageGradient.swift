import EngineKit
import Torch

/// A CLIP as the objective sees it: what it turns cutouts into, and what it compares that with.
struct Viewer {
    /// Factor of its losses.
    let weight: Double
    /// One per audible prompt, the same prompts for every viewer.
    let targets: [PromptTarget]
    /// The image tower, [N, 3, R, R] → [N, E].
    let features: (Tensor) throws(TorchError) -> Tensor
}

/// The cutouts of one resolution and the CLIPs that look at them.
struct CutoutPass {
    let sampler: CutoutSampler
    let plans: [CutoutPlan]
    let viewers: [Viewer]
}

/// The losses of a step and their gradient with respect to the picture.
struct ImageGradient {
    /// [prompts]: the weighted sums over all CLIPs, still on the device.
    private(set) var losses: Tensor
    /// The sources that cutouts were taken from, still attached to the picture, with the gradient of each.
    private var sources: [(attached: Tensor, gradient: Tensor)] = []

    /// Pixels of a micro-batch of cutouts up to which their graph is kept while CLIP looks at them.
    private static let mostKeptPixels = 1 << 19
    /// Cutouts that are taken again at once where it is not.
    private static let repeatedAtOnce = 4

    /// Of how many cutouts of a micro-batch the graph is in memory at once.
    static func cutoutsKept(_ count: Int, resolution: Int) -> Int {
        count * resolution * resolution > mostKeptPixels ? min(count, repeatedAtOnce) : count
    }

    private init(prompts: Int, _ device: Device) throws(TorchError) {
        losses = try Tensor.zeros([prompts], device: device)
    }

    /// Sends the gradient on through the picture to whatever it was made from, in one backward.
    func backward() throws(TorchError) {
        guard let first = sources.first else { return }
        if sources.count == 1 { return try first.attached.backward(first.gradient) }
        var total = try (first.attached * first.gradient).sum()
        for source in sources.dropFirst() { total = try total + (source.attached * source.gradient).sum() }
        try total.backward()
    }

    /// Cuts the picture up once per resolution, embeds the cutouts in micro-batches and adds up the gradients at the
    /// shared sources.
    ///
    /// Memory is bounded by one micro-batch of one CLIP; the result equals that of a single batch up to rounding because
    /// the loss is a mean over cutouts and a sum over CLIPs.
    /// - Parameter picture: [1, 3, H, W] in 0…1.
    static func compute(
        picture: Tensor,
        passes: [CutoutPass],
        colorOrder: [Int],
        microBatch: Int,
        clock: inout PhaseClock
    ) throws(TorchError) -> ImageGradient {
        let prompts = passes.first?.viewers.first?.targets.count ?? 0
        var result = try ImageGradient(prompts: prompts, picture.device)
        if prompts == 0 { return result }
        for pass in passes { try result.add(pass, of: picture, colorOrder, max(1, microBatch), &clock) }
        return result
    }

    private mutating func add(
        _ pass: CutoutPass,
        of picture: Tensor,
        _ colorOrder: [Int],
        _ microBatch: Int,
        _ clock: inout PhaseClock
    ) throws(TorchError) {
        let attached = try pass.sampler.sources(of: picture, plans: pass.plans)
        var leaves: [Tensor] = []
        for source in attached { leaves.append(try source.detached().requiringGradient()) }
        for start in stride(from: 0, to: pass.plans.count, by: microBatch) {
            let plans = pass.plans[start..<min(pass.plans.count, start + microBatch)]
            let isRepeated = Self.cutoutsKept(plans.count, resolution: pass.sampler.resolution) < plans.count
            let cutouts =
                try isRepeated
                ? withoutGradient { () throws(TorchError) in
                    try pass.sampler.cutouts(of: plans, from: leaves, colorOrder: colorOrder)
                } : pass.sampler.cutouts(of: plans, from: leaves, colorOrder: colorOrder)
            clock.lap(\.cutouts)
            // Each CLIP's graph ends here, so that only one of them is in memory.
            let seen = try cutouts.detached().requiringGradient()
            for viewer in pass.viewers { try look(at: seen, viewer, cutouts: pass.plans.count, &clock) }
            if let gradient = try seen.gradient() {
                if isRepeated {
                    try repeatBackward(gradient, of: plans, pass.sampler, from: leaves, colorOrder)
                } else {
                    try cutouts.backward(gradient)
                }
            }
            clock.lap(\.backward)
        }
        for (source, leaf) in zip(attached, leaves) {
            if let gradient = try leaf.gradient() { sources.append((source, gradient)) }
        }
    }

    /// Takes cutouts again, a few at a time, for their gradient alone: what their colours and places keep for backward
    /// would be more than what CLIP keeps.
    private func repeatBackward(
        _ gradient: Tensor,
        of plans: ArraySlice<CutoutPlan>,
        _ sampler: CutoutSampler,
        from leaves: [Tensor],
        _ colorOrder: [Int]
    ) throws(TorchError) {
        for start in stride(from: plans.startIndex, to: plans.endIndex, by: Self.repeatedAtOnce) {
            let some = plans[start..<min(plans.endIndex, start + Self.repeatedAtOnce)]
            let share = try gradient.slice(0, from: start - plans.startIndex, length: some.count)
            try sampler.cutouts(of: some, from: leaves, colorOrder: colorOrder).backward(share)
        }
    }

    /// Adds a CLIP's losses of some cutouts, and their gradient to the cutouts' own.
    private mutating func look(
        at cutouts: Tensor,
        _ viewer: Viewer,
        cutouts count: Int,
        _ clock: inout PhaseClock
    ) throws(TorchError) {
        let embedded = try viewer.features(cutouts).normalized()
        var total: Tensor?
        var values: [Tensor] = []
        for target in viewer.targets {
            let pairs = count * target.embeddings.shape[0]
            let value = try PromptLoss.value(embedded, target, pairs: pairs) * viewer.weight
            total = try total.map { (sum) throws(TorchError) in try sum + value } ?? value
            values.append(try value.detached().reshaped([1]))
        }
        clock.lap(\.clip)
        try total?.backward()
        losses = try losses + Tensor.concatenate(values)
        clock.lap(\.backward)
    }
}
