import Core
import Torch

/// Small changes of pictures that make a model err: projected gradient steps of bounded Euclidean length ("Towards Deep
/// Learning Models Resistant to Adversarial Attacks", Madry et al., 2018); with one step, the fast gradient method from a
/// random start. A model that has learned not to err has gradients that follow what is seen.
struct PictureAttack {
    /// The greatest length over a picture; every picture gets another share of it.
    let length: Double
    let steps: Int

    /// - Parameters:
    ///   - pictures: [N, 3, H, W].
    ///   - loss: a scalar to be made greater.
    /// - Returns: the pictures with the change, detached.
    func callAsFunction(
        _ pictures: Tensor,
        _ random: inout CounterRandom,
        loss: (Tensor) throws -> Tensor
    ) throws -> Tensor {
        let count = pictures.shape[0]
        let lengths = (0..<count).map { _ in Float(random.uniform() * length) }
        let limit = try Tensor(lengths, shape: [count, 1, 1, 1]).converted(on: pictures.device)
        let start = try Tensor.normal(pictures.shape, seed: random.next()).converted(on: pictures.device)
        var change = try Self.direction(start) * limit * 0.5
        for _ in 0..<steps {
            let leaf = try change.detached().requiringGradient()
            let gradient = try loss(pictures + leaf).gradient(of: leaf)
            let stride = steps == 1 ? 1 : 2.5 / Double(steps)
            change = try change + Self.direction(gradient) * limit * stride
            let norm = try Self.norm(change)
            change = try change * (limit / norm.maximum(1e-9)).minimum(1)
        }
        return try (pictures + change).detached()
    }

    private static func norm(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.squared().sum(1, 2, 3, keep: true).squareRoot()
    }

    private static func direction(_ x: Tensor) throws(TorchError) -> Tensor { try x / (norm(x) + 1e-12) }
}
