import EngineKit
import Torch

/// A run in progress: the latent, what it is pulled towards, and everything that the next step depends on.
///
/// Implements the loop of VQGAN+CLIP (Katherine Crowson and Ryan Murdock, 2021): decode, cut, embed, compare, and move
/// the latent against the gradient.
struct PaintingRun {
    private(set) var prompts: [Prompt]
    private(set) var settings: RunSettings
    let folder: String
    private(set) var step: Int
    /// [1, width, h, w].
    private(set) var z: Tensor
    private(set) var optimizer: LatentOptimizer
    private(set) var average: LatentAverage
    private(set) var embedder: PromptEmbedder
    private var targets: PromptTargets
    /// The picture of the last step made, before the step moved the latent: [1, 3, H, W] in 0…1.
    private(set) var lastPicture: Tensor?
    private(set) var plan: StepPlan
    private var watch: NumericsWatch

    /// - Parameter readingInterval: steps between two looks at a step's figures; on a GPU every look waits for it.
    init(
        prompts: [Prompt],
        settings: RunSettings,
        folder: String,
        step: Int = 0,
        z: Tensor,
        optimizer: LatentOptimizer,
        average: LatentAverage = LatentAverage(),
        embedder: PromptEmbedder,
        targets: PromptTargets,
        plan: StepPlan,
        readingInterval: Int = 1
    ) throws {
        self.prompts = prompts
        self.settings = settings
        self.folder = folder
        self.step = step
        // A copy of its own: a latent taken from the codebook must not be moved in place.
        self.z = try z.detached().cloned().requiringGradient()
        self.optimizer = optimizer
        self.average = average
        self.embedder = embedder
        self.targets = targets
        self.plan = plan
        watch = NumericsWatch(interval: readingInterval)
    }

    // MARK: One step

    struct Losses {
        /// One per prompt; those of the last look where this step was not looked at.
        let values: [Double]
        let learningRate: Double
        let phases: StepPhases
    }

    /// Makes one step. After an error the state is that before the step, or, where figures are not looked at in every
    /// step, the last one that was good.
    mutating func makeStep(_ models: ModelPair) throws -> Losses {
        var gradient = try gradientWithinMemory(models)
        let rate = learningRate
        if watch.isDue(step: step, of: settings.steps, prompts: gradient.losses.count) {
            // A latent that is not finite can still give a finite picture, of whatever code is then the nearest.
            let sums = [try gradient.z.sum(), try z.detached().sum()]
            guard let losses = try watch.read(gradient.losses, sums) else {
                let failed = step + 1
                if let good = watch.good { try rewind(to: good) }
                throw EngineFailure(
                    .numerics,
                    "step \(failed) gave numbers that are not finite",
                    hint: "lower the learning rate, then resume"
                )
            }
            watch.accept(losses, try watch.keepsStates ? goodState : nil)
        }
        try move(along: gradient.z, rate: rate, models.vqgan)
        lastPicture = gradient.picture
        step += 1
        gradient.clock.lap(\.rest)
        var values = watch.losses.makeIterator()
        let losses = targets.isAudible.map { $0 ? values.next() ?? 0 : 0 }
        return Losses(values: losses, learningRate: rate, phases: gradient.clock.phases)
    }

    /// What the run can go back to.
    private var goodState: NumericsWatch.State {
        get throws(TorchError) {
            NumericsWatch.State(step: step, z: try z.detached().cloned(), optimizer: optimizer, average: average)
        }
    }

    private mutating func rewind(to state: NumericsWatch.State) throws(TorchError) {
        try z.assign(state.z)
        (step, optimizer, average) = (state.step, state.optimizer, state.average)
    }

    /// Moves the latent; everything that can fail comes before anything changes.
    private mutating func move(along gradient: Tensor, rate: Double, _ vqgan: VQGAN) throws(TorchError) {
        var (optimizer, average) = (optimizer, average)
        let moved = try withoutGradient { () throws(TorchError) in
            let moved = try optimizer.moved(z, gradient: gradient, rate: rate)
            let clamped = try moved.clamped(vqgan.codebookMinimum, vqgan.codebookMaximum)
            try average.add(clamped, decay: settings.averageDecay)
            return clamped
        }
        try z.assign(moved)
        (self.optimizer, self.average) = (optimizer, average)
    }

    private struct Gradient {
        /// [audible prompts].
        let losses: Tensor
        let z: Tensor
        let picture: Tensor
        var clock: PhaseClock
    }

    /// The gradient, with less and less at once while memory runs out.
    private mutating func gradientWithinMemory(_ models: ModelPair) throws -> Gradient {
        while true {
            do {
                return try gradient(models)
            } catch let error as TorchError where error.code == .outOfMemory {
                guard let thriftier = plan.thriftier else { throw error }
                plan = thriftier
                Runtime.releaseMemory()
            }
        }
    }

    private func gradient(_ models: ModelPair) throws -> Gradient {
        var clock = PhaseClock()
        try z.clearGradient()
        let picture = try models.vqgan.picture(z, recomputedLevels: plan.recomputedLevels)
        clock.lap(\.decode)
        let result = try ImageGradient.compute(
            picture: picture,
            passes: passes(models.clips),
            colorOrder: CutoutPlanner.colorOrder(seed: settings.seed, step: step),
            microBatch: plan.microBatch,
            clock: &clock
        )
        try result.backward()
        clock.lap(\.backward)
        let gradient = try z.gradient() ?? Tensor.zeros(like: z)
        return Gradient(losses: result.losses, z: gradient, picture: try picture.detached(), clock: clock)
    }

    /// What is cut out in this step, once for all CLIPs of one resolution.
    private func passes(_ clips: CLIPEnsemble) -> [CutoutPass] {
        let recipe = CutoutRecipe(settings)
        return clips.resolutions.map { resolution in
            let planner = CutoutPlanner(recipe: recipe, size: settings.size, resolution: resolution, noise: noise)
            let viewers = zip(clips.members, targets.byCLIP).filter { $0.0.clip.resolution == resolution }
            return CutoutPass(
                sampler: CutoutSampler(recipe: recipe, resolution: resolution),
                plans: planner.plans(seed: settings.seed, step: step, count: settings.cuts),
                viewers: viewers.map { member, targets in
                    Viewer(weight: member.weight, targets: targets) { (cutouts) throws(TorchError) in
                        try member.clip.imageFeatures(cutouts)
                    }
                }
            )
        }
    }

    // MARK: What follows from settings and step

    private var progress: Double { settings.steps > 1 ? Double(step) / Double(settings.steps) : 0 }

    private var learningRate: Double {
        switch settings.rateSchedule {
        case .constant: return settings.learningRate
        case .cooling:
            let cooling = progress < 0.5 ? 1 : 0.15 + 0.85 * (1 - (progress - 0.5) / 0.5)
            return settings.learningRate * cooling
        }
    }

    private var noise: Double { settings.noise + (settings.noiseEnd - settings.noise) * min(1, progress) }

    /// The latent to show: its moving average if there is one.
    var displayed: Tensor { get throws(TorchError) { try average.value ?? z } }

    // MARK: Edits

    /// - Throws: when a prompt cannot be embedded; then nothing has changed.
    mutating func setPrompts(_ prompts: [Prompt], _ models: ModelPair) throws {
        var embedder = embedder
        let targets = try embedder.targets(for: prompts, clips: models.clips, settings: settings, device: models.device)
        (self.prompts, self.targets, self.embedder) = (prompts, targets, embedder)
    }

    /// Takes over settings that differ only in what can change live.
    mutating func setSettings(_ settings: RunSettings, plan: StepPlan) {
        if settings.averageDecay != self.settings.averageDecay { average = LatentAverage() }
        self.settings = settings
        self.plan = plan
    }
}

/// An exponential moving average of the latent, corrected for its start.
struct LatentAverage {
    private(set) var sum: Tensor?
    /// The product of the decays so far.
    private(set) var decayed = 1.0

    init() {}

    init(sum: Tensor, decayed: Double) {
        self.sum = sum
        self.decayed = decayed
    }

    /// Adds a latent; a decay of 0 keeps no average.
    mutating func add(_ z: Tensor, decay: Double) throws(TorchError) {
        guard decay > 0 else {
            self = LatentAverage()
            return
        }
        let share = try z.detached() * (1 - decay)
        sum = try sum.map { (sum) throws(TorchError) in try sum * decay + share } ?? share
        decayed *= decay
    }

    /// `nil` before anything was added.
    var value: Tensor? {
        get throws(TorchError) {
            guard let sum, decayed < 1 else { return nil }
            return try sum / (1 - decayed)
        }
    }
}

extension LatentAverage {
    /// The same average with its sum on a device.
    func moved(to device: Device) throws(TorchError) -> LatentAverage {
        guard let sum else { return self }
        return LatentAverage(sum: try sum.converted(on: device), decayed: decayed)
    }
}
