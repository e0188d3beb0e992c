import Core
import EngineKit
import Foundation
import Torch

/// Trains a VQGAN: first as a plain autoencoder, then with a codebook that starts from the clusters of what the encoder
/// gives, later with the likeness that a CLIP's image tower sees, and at last against a discriminator.
///
/// A model that is trained further has its codebook from the start; with the decoder alone, encoder and codebook stay as
/// they are.
final class VQGANTrainer: Trainer {
    private let options: TrainingOptions
    private let set: TrainingSet
    private let device: Device
    private let note: (String) -> Void

    private let model: VQGAN
    private let parameters: ParameterSet
    private let optimizer: ModelOptimizer
    private let codebook: TrainableCodebook
    private let lastLayer: Tensor
    private let perceptual: CLIP?
    private let discriminator: Discriminator
    private let judge: ModelOptimizer
    private let schedule: RateSchedule
    /// Before the keys of the model it was built from.
    private let prefix: String

    var parts = 1
    /// Whether the codebook has started.
    private var quantizes: Bool

    private static let commitment = 0.25
    private static let perceptualWeight = 0.3
    private static let perceptualFrom = 0.25
    private static let codebookDecay = 0.98
    /// Until one of them is reached, there are no codes.
    private static let (warmupSteps, warmupPart) = (500, 1.0 / 6)
    private static let judgeRate = 3e-4
    private static let lastLayerKey = "decoder.conv_out.weight"
    private static let measuredPictures = 64

    /// - Parameters:
    ///   - source: the model to start from; without tensors, a new one is made.
    ///   - isContinued: whether the source comes from a checkpoint, whose state ``restore(_:counters:)`` will bring.
    init(
        _ options: TrainingOptions,
        from source: PretrainedVQGAN,
        isNew: Bool,
        set: TrainingSet,
        device: Device,
        note: @escaping (String) -> Void
    ) throws {
        self.options = options
        self.set = set
        self.device = device
        self.note = note
        prefix = source.prefix
        let decoderOnly = options.decoderOnly
        let prefix = source.prefix
        let parameters = ParameterSet(
            seed: options.seed,
            isFrozen: { key in
                let name = key.dropFirst(prefix.count)
                return name.hasPrefix("quantize.")
                    || (decoderOnly && !name.hasPrefix("decoder.") && !name.hasPrefix("post_quant_conv."))
            },
            initialValues: InitialRules.forModel(isNew: isNew)
        )
        let model = try source.build(device: device, training: parameters)
        guard options.decoderOnly || !model.hasScores else {
            throw EngineFailure(
                .model,
                "\(source.source.path) is a GumbelVQ, whose codes cannot be trained",
                hint: "train its decoder with --decoder-only"
            )
        }
        guard options.size % model.cellSize == 0 else {
            throw EngineFailure(
                .settings,
                "--size \(options.size) is no multiple of the model's cells of \(model.cellSize) pixels"
            )
        }
        guard let lastLayer = parameters.trained[prefix + Self.lastLayerKey] else {
            throw EngineFailure(.model, "\(source.source.path) has no \(Self.lastLayerKey)")
        }
        self.model = model
        self.parameters = parameters
        self.lastLayer = lastLayer
        optimizer = try ModelOptimizer(
            parameters,
            AdamW(rate: options.rate, beta1: 0.9, beta2: 0.99, decay: 1e-4),
            averageDecay: 0.995
        )
        codebook = try TrainableCodebook(vectors: model.codebook)
        perceptual = try Self.perceptualModel(options, device)
        let judgeParameters = ParameterSet(seed: options.seed &+ 1, initialValues: { InitialRules.values($0, $1) })
        let empty = MemoryStateDict([:])
        discriminator = try Discriminator(Weights(empty, device: device, training: judgeParameters), width: 32)
        judge = try ModelOptimizer(
            judgeParameters,
            AdamW(rate: Self.judgeRate, beta1: 0.5, beta2: 0.9),
            averageDecay: 0
        )
        quantizes = !isNew
        schedule = RateSchedule(rate: options.rate, warmupSteps: min(100, (options.steps ?? 1000) / 10))
    }

    private static func perceptualModel(_ options: TrainingOptions, _ device: Device) throws -> CLIP? {
        guard options.perceptual != "none" else { return nil }
        return try PretrainedCLIP(named: options.perceptual).build(device: device)
    }

    var summary: String {
        let count = parameters.trained.values.reduce(0) { $0 + $1.count }
        let millions = String(format: "%.2f", Double(count) / 1e6)
        return "VQGAN f=\(model.cellSize), \(codebook.count) codes, \(millions) million parameters in training"
    }

    var mostParts: Int { options.batch }

    // MARK: A step

    /// What the parts of a batch add up to.
    private struct Sums {
        var losses: [String: Double] = [:]
        var cells: [Tensor] = []
        var codes: [Tensor] = []
        var pictures: [Tensor] = []
        var generated: [Tensor] = []
    }

    func step(_ context: StepContext) throws -> StepOutcome {
        let isWarm = context.step >= Self.warmupSteps || context.fraction >= Self.warmupPart
        if !quantizes, isWarm { try startCodebook(context) }
        let batch = try set.crops(
            set.indices(step: context.step, batch: options.batch),
            size: options.size,
            step: context.step,
            device: device
        )
        let hasAdversary = quantizes && options.adversaryFrom < 1 && context.fraction >= options.adversaryFrom
        let sums = try retryingWithLessMemory(note: note) { parts in
            var sums = Sums()
            for part in try batch.split(parts) {
                try addGradients(
                    part,
                    context,
                    weight: Double(part.shape[0]) / Double(options.batch),
                    hasAdversary,
                    &sums
                )
            }
            return sums
        }
        let rate = schedule.rate(step: context.step, fraction: context.fraction) * context.rateScale
        var losses = sums.losses
        _ = try optimizer.step(rate: rate, limit: 1)
        if quantizes, !options.decoderOnly { try follow(sums, context) }
        if hasAdversary { losses["discriminator"] = try trainJudge(sums, context.rateScale) }
        let order = ["total", "absolute", "gradient", "commitment", "perceptual", "adversarial", "discriminator"]
        return StepOutcome(losses: order.compactMap { name in losses[name].map { (name, $0) } }, rate: rate)
    }

    private func addGradients(
        _ picture: Tensor,
        _ context: StepContext,
        weight: Double,
        _ hasAdversary: Bool,
        _ sums: inout Sums
    ) throws {
        let target = try picture * 2 - 1
        var terms: [(name: String, value: Tensor)] = []
        let z = try encoded(picture)
        var input = z
        if quantizes {
            let (q, cells, codes) = try quantized(z)
            sums.cells.append(cells)
            sums.codes.append(codes)
            input = try q.withGradient(to: z)
            if !options.decoderOnly {
                terms.append(("commitment", try (z - q.detached()).squared().mean() * Self.commitment))
            }
        }
        let output = try model.decode(input)
        let (absolute, gradient) = try PictureLosses.pyramid(output, target)
        terms += [("absolute", absolute), ("gradient", gradient)]
        if let perceptual, context.step % 2 == 0, context.fraction >= Self.perceptualFrom || options.initial != nil {
            if let value = try likeness(perceptual, output, picture) {
                terms.append(("perceptual", try value * Self.perceptualWeight))
            }
        }
        var total = try absolute + gradient
        for term in terms where term.name != "absolute" && term.name != "gradient" { total = try total + term.value }
        if hasAdversary {
            let adversarial = try AdversarialLoss.generator(discriminator(output))
            let balance = try AdversarialLoss.adaptiveWeight(
                reconstruction: absolute + gradient,
                adversarial: adversarial,
                lastLayer: lastLayer
            )
            let ramp = min(1, (context.fraction - options.adversaryFrom) / 0.05 + 0.05)
            let loss = try adversarial * (balance * ramp * options.adversaryWeight)
            terms.append(("adversarial", loss))
            total = try total + loss
            sums.pictures.append(target)
            sums.generated.append(try output.detached())
        }
        try (total * weight).backward()
        sums.losses["total", default: 0] += try total.item() * weight
        for term in terms { sums.losses[term.name, default: 0] += try term.value.item() * weight }
        guard sums.losses["total"]?.isFinite == true else { throw TrainingError.notFinite }
    }

    private func encoded(_ picture: Tensor) throws -> Tensor {
        if !options.decoderOnly { return try model.encoderOutput(picture) }
        return try withoutGradient { try model.encoderOutput(picture) }
    }

    /// The code vectors [N, width, h, w], and cells [M, width] with their codes [M] for the codebook.
    private func quantized(_ z: Tensor) throws -> (q: Tensor, cells: Tensor, codes: Tensor) {
        try withoutGradient {
            let shape = z.shape
            if options.decoderOnly {
                let codes = try model.codes(ofEncoded: z)
                return (try model.embed(codes: codes), z, codes)
            }
            let cells = try z.detached().permuted(0, 2, 3, 1).reshaped([-1, shape[1]])
            let codes = try codebook.nearest(cells)
            return (try model.embed(codes: codes.reshaped([shape[0], shape[2], shape[3]])), cells, codes)
        }
    }

    private func likeness(_ judge: CLIP, _ output: Tensor, _ picture: Tensor) throws(TorchError) -> Tensor? {
        let side = judge.resolution
        func stages(_ x: Tensor) throws(TorchError) -> [Tensor] {
            let isReady = x.shape[2] == side && x.shape[3] == side
            let view = isReady ? x : try x.resizedBicubic(height: side, width: side, antialias: true)
            // The last stage knows what is there, no longer where.
            return try Array(judge.imageStages(view).dropLast())
        }
        let wanted = try withoutGradient { () throws(TorchError) in try stages(picture) }
        return try PictureLosses.perceptual(stages((output + 1) / 2), wanted)
    }

    private func startCodebook(_ context: StepContext) throws {
        var cells: [Tensor] = []
        try withoutGradient {
            for number in 0..<24 {
                let pictures = set.indices(step: number, batch: options.batch)
                let crops = try set.crops(pictures, size: options.size, step: number, device: device)
                for part in try crops.split(parts) {
                    let z = try model.encoderOutput(part)
                    cells.append(try z.permuted(0, 2, 3, 1).reshaped([-1, z.shape[1]]))
                }
            }
        }
        var random = CounterRandom(seed: options.seed, step: context.step, purpose: .trainingCodebook)
        try codebook.start(from: Tensor.concatenate(cells), &random)
        quantizes = true
    }

    private func follow(_ sums: Sums, _ context: StepContext) throws(TorchError) {
        let random = CounterRandom(seed: options.seed, step: context.step, purpose: .trainingCodebook, index: 1)
        try codebook.update(
            Tensor.concatenate(sums.cells),
            Tensor.concatenate(sums.codes),
            decay: Self.codebookDecay,
            restarts: context.fraction < 0.85 ? random : nil
        )
    }

    private func trainJudge(_ sums: Sums, _ rateScale: Double) throws -> Double {
        // The generator's backward has left gradients here too.
        try judge.parameters.clearGradients()
        var value = 0.0
        for (real, generated) in zip(sums.pictures, sums.generated) {
            let weight = Double(real.shape[0]) / Double(options.batch)
            let loss = try AdversarialLoss.discriminator(
                real: discriminator(real),
                generated: discriminator(generated)
            )
            try (loss * weight).backward()
            value += try loss.item() * weight
        }
        _ = try judge.step(rate: Self.judgeRate * rateScale, limit: 10)
        return value
    }

    func discardGradients() throws {
        try parameters.clearGradients()
        try judge.parameters.clearGradients()
    }

    // MARK: Measuring

    func measure() throws -> Measurement {
        try optimizer.withAverages {
            try withoutGradient {
                let indices = Array(set.measured.prefix(Self.measuredPictures))
                var ratios: [Double] = []
                var used: Set<Int64> = []
                var originals: [Tensor] = []
                var outputs: [Tensor] = []
                for start in stride(from: 0, to: indices.count, by: 8) {
                    let picture = try set.whole(Array(indices[start..<min(indices.count, start + 8)]), device: device)
                    let (output, codes) = try reconstruction(picture)
                    ratios += try PictureLosses.signalToNoise(output, picture)
                    used.formUnion(codes)
                    if originals.count < 2 {
                        originals.append(picture)
                        outputs.append(output)
                    }
                }
                var measures = [("PSNR", ratios.reduce(0, +) / Double(max(1, ratios.count)))]
                if quantizes { measures.append(("codes", Double(used.count))) }
                var rows: [Tensor] = []
                for (original, output) in zip(originals, outputs) { rows += [original, output] }
                return Measurement(measures: measures, picture: try PictureGrid.frame(rows), captions: [])
            }
        }
    }

    /// The picture that comes back, [N, 3, H, W] in 0…1, and the codes that it went through.
    private func reconstruction(_ picture: Tensor) throws -> (picture: Tensor, codes: [Int64]) {
        let z = try model.encoderOutput(picture)
        guard quantizes else { return (try (model.decode(z) + 1) / 2, []) }
        let (q, _, codes) = try quantized(z)
        return (try (model.decode(q) + 1) / 2, try codes.integers())
    }

    // MARK: Keeping

    func state() throws -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (name, tensor) in try optimizer.state() { state["model.\(name)"] = tensor }
        for (name, tensor) in try judge.state() { state["judge.\(name)"] = tensor }
        for (name, tensor) in codebook.state { state["codebook.\(name)"] = tensor }
        return state
    }

    var counters: [String: Int] {
        ["model": optimizer.count, "judge": judge.count, "quantizes": quantizes ? 1 : 0, "parts": parts]
    }

    func restore(_ state: [String: Tensor], counters: [String: Int]) throws {
        try optimizer.restore(state.below("model."), count: counters["model"] ?? 0)
        try judge.restore(state.below("judge."), count: counters["judge"] ?? 0)
        if let sizes = state["codebook.sizes"], let sums = state["codebook.sums"] {
            try codebook.restore(sizes: sizes, sums: sums)
        }
        quantizes = counters["quantizes"] == 1
        parts = min(mostParts, max(1, counters["parts"] ?? 1))
        try discardGradients()
    }

    func files() throws -> [ModelFile] {
        var tensors: [String: Tensor] = [:]
        for (key, tensor) in optimizer.result { tensors[String(key.dropFirst(prefix.count))] = tensor }
        return try ModelFiles.weights("vqgan", tensors, model.configuration)
    }
}

extension Tensor {
    /// Parts of about equal size along the first dimension.
    func split(_ parts: Int) throws(TorchError) -> [Tensor] {
        let count = shape[0]
        if parts <= 1 || count <= 1 { return [self] }
        let size = (count + parts - 1) / parts
        var result: [Tensor] = []
        for start in stride(from: 0, to: count, by: size) {
            result.append(try slice(0, from: start, length: min(size, count - start)))
        }
        return result
    }
}

extension [String: Tensor] {
    /// The entries whose names have a beginning, without it.
    func below(_ prefix: String) -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        for (name, tensor) in self where name.hasPrefix(prefix) {
            result[String(name.dropFirst(prefix.count))] = tensor
        }
        return result
    }
}
