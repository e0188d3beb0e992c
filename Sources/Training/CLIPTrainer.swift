import Core
import EngineKit
import Foundation
import Torch

/// Trains a CLIP: which text belongs to which picture, with a head that predicts the words of a picture's caption; in the
/// end against pictures that were changed to mislead it, and against what it would itself paint.
final class CLIPTrainer: Trainer {
    private let options: TrainingOptions
    private let set: TrainingSet
    private let device: Device
    private let note: (String) -> Void

    private let model: CLIP
    private let parameters: ParameterSet
    private let optimizer: ModelOptimizer
    private let words: CaptionWords
    /// The temperature and the head that predicts words, which only training needs.
    private let head: ModelOptimizer
    private let logitScale: Tensor
    private let predictor: Linear
    private let chains: PaintingChains?
    private let schedule: RateSchedule
    private let augmentation = PictureAugmentation()

    var parts = 1

    private static let wordWeight = 0.5
    private static let greatestScale = 60.0
    private static let momentum = 0.1
    private static let gradientLimit = 2.0
    /// Of the pictures beside chains, how many are shown as the VQGAN gives them back.
    private static let reconstructedShare = 0.4
    private static let measuredPictures = 1000

    init(
        _ options: TrainingOptions,
        from source: PretrainedCLIP,
        isNew: Bool,
        words: CaptionWords,
        set: TrainingSet,
        device: Device,
        note: @escaping (String) -> Void
    ) throws {
        self.options = options
        self.set = set
        self.device = device
        self.note = note
        self.words = words
        let parameters = ParameterSet(seed: options.seed, initialValues: InitialRules.forModel(isNew: isNew))
        parameters.statisticsMomentum = Self.momentum
        let model = try source.build(device: device, training: parameters)
        (self.model, self.parameters) = (model, parameters)
        guard options.size == model.resolution else {
            throw EngineFailure(
                .settings,
                "the CLIP takes pictures of \(model.resolution) pixels, not \(options.size)",
                hint: "use --size \(model.resolution)"
            )
        }
        let settings = AdamW(rate: options.rate, beta1: 0.9, beta2: 0.98, decay: 0.05)
        optimizer = try ModelOptimizer(parameters, settings, averageDecay: 0.99)
        let headParameters = ParameterSet(seed: options.seed &+ 2, initialValues: { InitialRules.values($0, $1) })
        var known: [String: Tensor] = [:]
        // Some files have it as a number, others as a list of one.
        if source.source.shape(of: Self.scaleKey)?.reduce(1, *) == 1 {
            known[Self.scaleKey] = try source.source.tensor(Self.scaleKey).reshaped([])
        }
        let w = Weights(MemoryStateDict(known), device: device, training: headParameters)
        logitScale = try w.tensor(Self.scaleKey, [])
        let probe = try Tensor.zeros([1, 3, options.size, options.size], device: device)
        parameters.statisticsMomentum = nil
        let channels = try withoutGradient { try model.imageStages(probe).last?.shape[1] ?? 0 }
        parameters.statisticsMomentum = Self.momentum
        predictor = try Linear(w / "words", channels, max(1, words.words.count))
        head = try ModelOptimizer(headParameters, settings, averageDecay: 0.99)
        chains = options.chains > 0 ? try Self.makeChains(options, device) : nil
        schedule = RateSchedule(rate: options.rate, warmupSteps: min(100, (options.steps ?? 1000) / 10))
    }

    private static let scaleKey = "logit_scale"

    private static func makeChains(_ options: TrainingOptions, _ device: Device) throws -> PaintingChains {
        try PaintingChains(
            PretrainedVQGAN(named: options.chainModel).build(device: device),
            count: options.chains,
            life: options.chainLife,
            resolution: options.size,
            seed: options.seed,
            device: device
        )
    }

    var summary: String {
        let count = parameters.trained.values.reduce(0) { $0 + $1.count }
        let millions = String(format: "%.2f", Double(count) / 1e6)
        return "CLIP \(model.resolution) px, \(model.configuration.vocabSize) tokens, \(millions) million parameters"
            + " in training"
    }

    /// Batch normalisation needs two pictures in a part.
    var mostParts: Int { max(1, options.batch / 2) }

    // MARK: A step

    /// The pictures of a step, as the towers see them.
    private struct Batch {
        /// [N, 3, R, R], and as many more at the end as there are negatives.
        var pictures: Tensor
        let tokens: Tensor
        /// [N, N].
        let targets: Tensor
        /// [N, words].
        let shares: Tensor
        var count: Int { targets.shape[0] }
    }

    func step(_ context: StepContext) throws -> StepOutcome {
        let batch = try makeBatch(context)
        let values = try retryingWithLessMemory(note: note) { parts in
            let batch = try attacked(batch, context, parts)
            return try parts == 1 ? addGradients(batch) : addGradients(batch, in: parts)
        }
        guard values.allSatisfy(\.value.isFinite) else { throw TrainingError.notFinite }
        let rate = schedule.rate(step: context.step, fraction: context.fraction) * context.rateScale
        _ = try optimizer.step(rate: rate, limit: Self.gradientLimit)
        _ = try head.step(rate: rate, limit: Self.gradientLimit)
        return StepOutcome(losses: values, rate: rate)
    }

    private func makeBatch(_ context: StepContext) throws -> Batch {
        let indices = set.indices(step: context.step, batch: options.batch)
        var random = CounterRandom(seed: options.seed, step: context.step, purpose: .trainingCrop)
        let captions = indices.map { caption($0, &random) }
        var pictures = try set.whole(indices, device: device)
        var negatives: Tensor?
        if let chains {
            let mask = (0..<indices.count).map { _ in random.chance(Self.reconstructedShare) ? Float(1) : 0 }
            let share = try Tensor(mask, shape: [mask.count, 1, 1, 1]).converted(on: device)
            pictures = try pictures + (chains.reconstructed(pictures) - pictures) * share
            negatives = try paint(chains, context)
        }
        if let negatives {
            let side = options.size
            let view = try negatives.resizedBicubic(height: side, width: side, antialias: true).clamped(0, 1)
            pictures = try Tensor.concatenate([pictures, view])
        }
        let changed = try augmentation(
            pictures,
            size: options.size,
            seed: options.seed,
            step: context.step,
            purpose: .trainingAugmentation
        )
        return Batch(
            pictures: changed,
            tokens: try model.tokens(of: captions),
            targets: try ContrastiveLoss.targets(captions).converted(on: device),
            shares: try Tensor(captions.flatMap(shares), shape: [captions.count, max(1, words.words.count)])
                .converted(on: device)
        )
    }

    private func shares(_ caption: String) -> [Float] { words.words.isEmpty ? [0] : words.shares(caption) }

    private func caption(_ index: Int, _ random: inout CounterRandom) -> String {
        let captions = set.pictures.index.files[index].captions
        return captions.randomElement(using: &random) ?? ""
    }

    /// What the chains that are in turn show after some more steps.
    private func paint(_ chains: PaintingChains, _ context: StepContext) throws -> Tensor {
        let some = chains.next(max(1, options.batch / 4), step: context.step)
        try chains.renew(some, step: context.step) { random in
            let index = set.training[Int(random.uniform() * Double(set.training.count))]
            return (index, try set.whole([index], device: device))
        }
        return try asInference {
            var random = CounterRandom(seed: options.seed, step: context.step, purpose: .trainingChain, index: -1)
            let texts = some.map { caption(chains.captions[$0], &random) }
            let wanted = try withoutGradient { try model.textFeatures(model.tokens(of: texts)).normalized() }
            return try chains.advance(
                some,
                towards: wanted,
                resolution: options.size,
                step: context.step,
                features: { (view) throws(TorchError) in try model.imageFeatures(view) }
            )
        }
    }

    /// The batch with pictures that were changed to mislead the model, once it is time for them.
    private func attacked(_ batch: Batch, _ context: StepContext, _ parts: Int) throws -> Batch {
        guard options.attackFrom < 1, context.fraction >= options.attackFrom, options.attackLength > 0 else {
            return batch
        }
        let ramp = min(1, (context.fraction - options.attackFrom) / 0.15 + 0.2)
        let attack = PictureAttack(
            length: options.attackLength * ramp * Double(options.size) / 64,
            steps: options.attackSteps
        )
        var random = CounterRandom(seed: options.seed, step: context.step, purpose: .trainingAttack)
        let (count, all) = (batch.count, batch.pictures.shape[0])
        let real = try batch.pictures.slice(0, from: 0, length: count)
        let changed = try asInference {
            let texts = try withoutGradient { try model.textFeatures(batch.tokens).normalized() }
            // Part by part: a picture's own text against all texts needs no other picture.
            var done: [Tensor] = []
            var start = 0
            for part in try real.split(parts) {
                let length = part.shape[0]
                let targets = try batch.targets.slice(0, from: start, length: length)
                let shares = try batch.shares.slice(0, from: start, length: length)
                done.append(
                    try attack(part, &random) { pictures in
                        let (features, scores) = try towerOutputs(pictures)
                        let similar = try features.matmul(texts.transposed(0, 1)) * scale()
                        let matching = try -(similar.logSoftmax(1) * targets).sum()
                        return try matching + ContrastiveLoss.words(scores, shares) * (Self.wordWeight * Double(length))
                    }
                )
                start += length
            }
            return try Tensor.concatenate(done)
        }
        var result = batch
        let others = all > count ? [try batch.pictures.slice(0, from: count, length: all - count)] : []
        result.pictures = try Tensor.concatenate([changed] + others).contiguous(channelsLast: true)
        return result
    }

    /// Features of length 1 and scores of words.
    private func towerOutputs(_ pictures: Tensor) throws -> (features: Tensor, scores: Tensor) {
        guard let last = try model.imageStages(pictures).last else {
            throw EngineFailure(.model, "the image tower has no stages")
        }
        return (try model.imageFeatures(ofLastStage: last).normalized(), try predictor(last.mean(2, 3)))
    }

    private func scale() throws(TorchError) -> Tensor { try logitScale.exponential().minimum(Self.greatestScale) }

    private func losses(
        images: Tensor,
        scores: Tensor,
        texts: Tensor,
        _ batch: Batch
    ) throws -> (total: Tensor, values: [(name: String, value: Double)]) {
        let (count, all) = (batch.count, images.shape[0])
        let contrast = try ContrastiveLoss.symmetric(
            images: images.slice(0, from: 0, length: count),
            texts: texts,
            scale: scale(),
            targets: batch.targets,
            negatives: all > count ? images.slice(0, from: count, length: all - count) : nil
        )
        let guessed = try ContrastiveLoss.words(scores.slice(0, from: 0, length: count), batch.shares)
        let total = words.words.isEmpty ? contrast : try contrast + guessed * Self.wordWeight
        var values = [("total", try total.item()), ("contrast", try contrast.item()), ("words", try guessed.item())]
        values.append(("scale", try scale().item()))
        return (total, values)
    }

    private func addGradients(_ batch: Batch) throws -> [(name: String, value: Double)] {
        let (images, scores) = try towerOutputs(batch.pictures)
        let texts = try model.textFeatures(batch.tokens).normalized()
        let (total, values) = try losses(images: images, scores: scores, texts: texts, batch)
        try total.backward()
        return values
    }

    /// The same gradients with less memory: features first, then the loss over all of them, then backward part by part
    /// ("Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", Gao et al., 2021). Batch normalisation
    /// sees one part at a time.
    private func addGradients(_ batch: Batch, in parts: Int) throws -> [(name: String, value: Double)] {
        let pictures = try batch.pictures.split(parts)
        let tokens = try batch.tokens.split(parts)
        var (images, scores, texts): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
        // The running statistics move once, in the second pass.
        parameters.statisticsMomentum = 0
        defer { parameters.statisticsMomentum = Self.momentum }
        try withoutGradient {
            for part in pictures {
                let (features, guesses) = try towerOutputs(part)
                images.append(features)
                scores.append(guesses)
            }
            for part in tokens { texts.append(try model.textFeatures(part).normalized()) }
        }
        let leaves = try [images, scores, texts].map { try Tensor.concatenate($0).requiringGradient() }
        let (total, values) = try losses(images: leaves[0], scores: leaves[1], texts: leaves[2], batch)
        try total.backward()
        let gradients = try leaves.map { try $0.gradient() ?? $0.detached() * 0 }
        parameters.statisticsMomentum = Self.momentum
        var start = 0
        for part in pictures {
            let (features, guesses) = try towerOutputs(part)
            let length = part.shape[0]
            let a = try features * gradients[0].slice(0, from: start, length: length)
            let b = try guesses * gradients[1].slice(0, from: start, length: length)
            try (a.sum() + b.sum()).backward()
            start += length
        }
        start = 0
        for part in tokens {
            let features = try model.textFeatures(part).normalized()
            let length = part.shape[0]
            try (features * gradients[2].slice(0, from: start, length: length)).sum().backward()
            start += length
        }
        return values
    }

    /// Runs a body with running statistics instead of the batch's.
    private func asInference<Result>(_ body: () throws -> Result) throws -> Result {
        parameters.statisticsMomentum = nil
        defer { parameters.statisticsMomentum = Self.momentum }
        return try body()
    }

    func discardGradients() throws {
        try parameters.clearGradients()
        try head.parameters.clearGradients()
    }

    // MARK: Measuring

    func measure() throws -> Measurement {
        try optimizer.withAverages {
            try withoutGradient {
                let indices = Array(set.measured.prefix(Self.measuredPictures))
                let captions = indices.map { set.pictures.index.files[$0].captions.first ?? "" }
                var (images, texts): ([Tensor], [Tensor]) = ([], [])
                for start in stride(from: 0, to: indices.count, by: 64) {
                    let end = min(indices.count, start + 64)
                    let pictures = try set.whole(Array(indices[start..<end]), device: device)
                    images.append(try model.imageFeatures(pictures).normalized())
                    texts.append(try model.textFeatures(model.tokens(of: Array(captions[start..<end]))).normalized())
                }
                let similar = try Tensor.concatenate(texts).matmul(Tensor.concatenate(images).transposed(0, 1))
                let retrieval = Retrieval(try similar.floats(), captions: captions)
                let shown = retrieval.examples(6)
                let rows = try shown.map { example in
                    let found = retrieval.best(5, for: example).map { indices[$0] }
                    return try set.whole([indices[example]] + found, device: device)
                }
                return Measurement(
                    measures: [("R@1", retrieval.recall(1)), ("R@5", retrieval.recall(5))],
                    picture: try PictureGrid.frame(rows),
                    captions: shown.map { captions[$0] }
                )
            }
        }
    }

    // MARK: Keeping

    func state() throws -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (name, tensor) in try optimizer.state() { state["model.\(name)"] = tensor }
        for (name, tensor) in try head.state() { state["head.\(name)"] = tensor }
        for (name, tensor) in chains?.state() ?? [:] { state["chains.\(name)"] = tensor }
        return state
    }

    var counters: [String: Int] {
        let own = ["model": optimizer.count, "head": head.count, "parts": parts]
        return own.merging(chains?.counters ?? [:]) { first, _ in first }
    }

    func restore(_ state: [String: Tensor], counters: [String: Int]) throws {
        try optimizer.restore(state.below("model."), count: counters["model"] ?? 0)
        try head.restore(state.below("head."), count: counters["head"] ?? 0)
        try chains?.restore(state.below("chains."), counters, pictures: set.pictures.count)
        parts = min(mostParts, max(1, counters["parts"] ?? 1))
        try discardGradients()
    }

    func files() throws -> [ModelFile] {
        var tensors = optimizer.result
        tensors[Self.scaleKey] = head.result[Self.scaleKey]
        var configuration = model.configuration
        if configuration.vision.batchNorm {
            tensors = try BatchNormFolding.folded(tensors)
            configuration.vision.batchNorm = false
        }
        return try ModelFiles.weights("clip", tensors, configuration)
    }
}
