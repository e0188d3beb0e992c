import Core
import EngineKit
import Foundation
import Torch

/// Painting runs that go on beside the training of the CLIP that guides them. What they paint is shown to it as pictures
/// that no text belongs to, so that it learns what its own gradient leads to when nobody looks: persistent contrastive
/// divergence (Tieleman, 2008), in the latent space of a VQGAN.
///
/// A chain lives as long as a real run, since what a run paints late is what matters.
final class PaintingChains {
    private let vqgan: VQGAN
    private let life: Int
    private let seed: UInt64
    private let device: Device
    /// Cells along each side.
    private let side: Int
    /// The codebook's standard deviation: the unit of a step.
    private let unit: Double
    private let low: Tensor
    private let high: Tensor

    /// [chains, width, side, side], and moments of its gradient.
    private let z: Tensor
    private let first: Tensor
    private let second: Tensor
    /// Of each chain: steps made, steps that it will make, and the picture whose caption it paints.
    private var ages: [Int]
    private var lives: [Int]
    private(set) var captions: [Int]

    private static let stepSize = 0.15
    private static let (beta1, beta2) = (0.8, 0.9)
    private static let stepsAtOnce = 2
    private static let cuts = 2

    /// - Parameters:
    ///   - count: of chains.
    ///   - resolution: of the CLIP that guides them, in pixels.
    init(
        _ vqgan: VQGAN,
        count: Int,
        life: Int,
        resolution: Int,
        seed: UInt64,
        device: Device
    ) throws(TorchError) {
        self.vqgan = vqgan
        self.life = life
        self.seed = seed
        self.device = device
        side = max(2, (resolution + vqgan.cellSize - 1) / vqgan.cellSize)
        let width = vqgan.configuration.embedDim
        let codebook = vqgan.codebook
        unit = try codebook.variance(0).squareRoot().mean().item()
        low = try codebook.minimum(over: 0).reshaped([1, width, 1, 1]) * 1.05
        high = try codebook.maximum(over: 0).reshaped([1, width, 1, 1]) * 1.05
        z = try Tensor.zeros([count, width, side, side], device: device)
        first = try Tensor.zeros([count, width, side, side], device: device)
        second = try Tensor.zeros([count, 1, 1, 1], device: device)
        ages = Array(repeating: 0, count: count)
        lives = Array(repeating: 0, count: count)
        captions = Array(repeating: 0, count: count)
    }

    var count: Int { ages.count }

    /// The chains that are next in turn.
    func next(_ number: Int, step: Int) -> [Int] { (0..<min(number, count)).map { (step * number + $0) % count } }

    /// Begins anew the chains whose time is over: half of them from a picture of the data, as from a sketch, the others
    /// from smooth colours.
    /// - Parameter picture: a picture [1, 3, H, W] in 0…1 for a draw, and its index.
    func renew(
        _ chains: [Int],
        step: Int,
        picture: (inout CounterRandom) throws -> (index: Int, pixels: Tensor)
    ) throws {
        for chain in chains where ages[chain] >= lives[chain] {
            var random = CounterRandom(seed: seed, step: step, purpose: .trainingChain, index: chain)
            let (index, pixels) = try picture(&random)
            captions[chain] = index
            ages[chain] = 0
            lives[chain] = life / 2 + Int(random.uniform() * Double(life / 2 + 1))
            let size = side * vqgan.cellSize
            let colours = try (Tensor.normal([1, 3, 4, 4], seed: random.next()) * 0.18 + 0.5).converted(on: device)
            let source = random.chance(0.5) ? pixels : colours
            let begin = try withoutGradient {
                try vqgan.encode(source.resizedBicubic(height: size, width: size, antialias: true).clamped(0, 1))
            }
            try z.slice(0, from: chain, length: 1).assign(begin)
            try first.slice(0, from: chain, length: 1).assign(begin * 0)
            try second.slice(0, from: chain, length: 1).assign(Tensor.zeros([1, 1, 1, 1], device: device))
        }
    }

    /// Makes some steps of each chain towards its text.
    /// - Parameters:
    ///   - texts: [chains, E], each row of length 1.
    ///   - resolution: side of the cuts that the CLIP sees, in pixels.
    ///   - features: [N, 3, R, R] → [N, E].
    /// - Returns: what the chains show, [chains, 3, H, W] in 0…1.
    func advance(
        _ chains: [Int],
        towards texts: Tensor,
        resolution: Int,
        step: Int,
        features: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let rows = try Tensor(chains.map(Int64.init), shape: [chains.count]).converted(on: device)
        var current = try z.selecting(0, rows)
        var (mean, square) = (try first.selecting(0, rows), try second.selecting(0, rows))
        var augmentation = PictureAugmentation()
        (augmentation.leastScale, augmentation.noise) = (0.7, 0.12)
        for number in 0..<Self.stepsAtOnce {
            let leaf = try current.detached().requiringGradient()
            let picture = try vqgan.picture(leaf)
            var total: Tensor?
            for cut in 0..<Self.cuts {
                let view = try augmentation(
                    picture,
                    size: resolution,
                    seed: seed,
                    step: step,
                    purpose: .trainingChain,
                    index: count + number * Self.cuts + cut
                )
                let similarity = try (features(view).normalized() * texts).sum()
                total = if let sum = total { try sum - similarity } else { try -similarity }
            }
            guard let total else { break }
            let gradient = try total.gradient(of: leaf)
            for chain in chains { ages[chain] += 1 }
            mean = try mean * Self.beta1 + gradient * (1 - Self.beta1)
            square = try square * Self.beta2 + gradient.squared().mean(1, 2, 3, keep: true) * (1 - Self.beta2)
            current = try moved(current, mean, square, chains)
        }
        for (position, chain) in chains.enumerated() {
            try z.slice(0, from: chain, length: 1).assign(current.slice(0, from: position, length: 1))
            try first.slice(0, from: chain, length: 1).assign(mean.slice(0, from: position, length: 1))
            try second.slice(0, from: chain, length: 1).assign(square.slice(0, from: position, length: 1))
        }
        return try withoutGradient { () throws(TorchError) in try vqgan.picture(current) }
    }

    /// A step of Adam with one second moment per chain, clamped to the codebook's range.
    private func moved(
        _ z: Tensor,
        _ mean: Tensor,
        _ square: Tensor,
        _ chains: [Int]
    ) throws(TorchError) -> Tensor {
        func corrections(_ beta: Double) throws(TorchError) -> Tensor {
            let values = chains.map { 1 - Float(pow(beta, Double(ages[$0]))) }
            return try Tensor(values, shape: [chains.count, 1, 1, 1]).converted(on: device)
        }
        let scale = try (square / corrections(Self.beta2)).squareRoot() + 1e-12
        let direction = try mean / corrections(Self.beta1) / scale
        return try (z.detached() - direction * (Self.stepSize * unit)).clamped(low, high)
    }

    /// A picture as the VQGAN gives it back, so that its look alone is no sign of anything.
    func reconstructed(_ pictures: Tensor) throws -> Tensor {
        try withoutGradient {
            let (side, size) = (pictures.shape[2], max(1, pictures.shape[2] / vqgan.cellSize) * vqgan.cellSize)
            let view = side == size ? pictures : try pictures.resizedBicubic(height: size, width: size, antialias: true)
            let picture = try vqgan.picture(vqgan.encode(view.clamped(0, 1)))
            return side == size
                ? picture : try picture.resizedBicubic(height: side, width: side, antialias: true).clamped(0, 1)
        }
    }

    // MARK: Keeping

    func state() -> [String: Tensor] { ["z": z, "first": first, "second": second] }

    /// Ages, lives and captions, by name.
    var counters: [String: Int] {
        var counters: [String: Int] = [:]
        for chain in 0..<count {
            counters["age.\(chain)"] = ages[chain]
            counters["life.\(chain)"] = lives[chain]
            counters["caption.\(chain)"] = captions[chain]
        }
        return counters
    }

    /// - Parameter pictures: how many pictures there are, for captions of pictures that have gone.
    func restore(_ state: [String: Tensor], _ counters: [String: Int], pictures: Int) throws {
        for (name, tensor) in self.state() {
            guard let saved = state[name], saved.shape == tensor.shape else {
                throw EngineFailure(.file, "the checkpoint lacks the chains' \(name)")
            }
            try tensor.assign(saved)
        }
        for chain in 0..<count {
            ages[chain] = max(0, counters["age.\(chain)"] ?? 0)
            lives[chain] = max(0, counters["life.\(chain)"] ?? 0)
            captions[chain] = min(max(0, counters["caption.\(chain)"] ?? 0), pictures - 1)
        }
    }
}
