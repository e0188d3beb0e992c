import EngineKit
import Torch

/// Moves a latent along its gradient. All kinds keep their state in named tensors, so that a run can be continued.
///
/// Defaults follow PyTorch for Adam, AdamW, Adagrad, Adamax, RAdam and RMSprop, and the papers' code for DiffGrad (Dubey
/// et al., 2019) and AdamP (Heo et al., 2020).
struct LatentOptimizer {
    let kind: OptimizerKind
    private(set) var state: [String: Tensor] = [:]
    /// Steps made.
    private(set) var count = 0

    private static let beta1 = 0.9
    private static let beta2 = 0.999
    private static let epsilon = 1e-8

    init(_ kind: OptimizerKind) { self.kind = kind }

    /// Continues from saved state.
    init(_ kind: OptimizerKind, state: [String: Tensor], count: Int) {
        self.kind = kind
        self.state = state
        self.count = count
    }

    /// Where one step takes the latent, which itself stays as it is. Runs outside of any gradient.
    mutating func moved(_ z: Tensor, gradient: Tensor, rate: Double) throws(TorchError) -> Tensor {
        var next = self
        next.count += 1
        let moved = try withoutGradient { () throws(TorchError) in try next.step(z, gradient, rate) }
        self = next
        return moved
    }

    private mutating func step(_ z: Tensor, _ g: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        switch kind {
        case .adam: try z - adamDirection(g) * rate
        case .adamw: try z * (1 - rate * 0.01) - adamDirection(g) * rate
        case .adagrad: try adagrad(z, g, rate)
        case .adamax: try adamax(z, g, rate)
        case .diffgrad: try diffgrad(z, g, rate)
        case .adamp: try adamp(z, g, rate)
        case .radam: try radam(z, g, rate)
        case .rmsprop: try rmsprop(z, g, rate)
        }
    }

    private func stored(_ name: String, like z: Tensor) throws(TorchError) -> Tensor {
        if let tensor = state[name] { return tensor }
        return try Tensor.zeros(like: z)
    }

    /// Updates a running mean with decay and returns it.
    private mutating func average(_ name: String, _ value: Tensor, _ decay: Double) throws(TorchError) -> Tensor {
        let mean = try stored(name, like: value) * decay + value * (1 - decay)
        state[name] = mean
        return mean
    }

    private func correction(_ beta: Double) -> Double { 1 - Double.pow(beta, Double(count)) }

    private mutating func adamDirection(_ g: Tensor) throws(TorchError) -> Tensor {
        let m = try average("first-moment", g, Self.beta1) / correction(Self.beta1)
        let v = try average("second-moment", g.squared(), Self.beta2) / correction(Self.beta2)
        return try m / (v.squareRoot() + Self.epsilon)
    }

    private mutating func adagrad(_ z: Tensor, _ g: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        let sum = try stored("sum", like: g) + g.squared()
        state["sum"] = sum
        return try z - g / (sum.squareRoot() + 1e-10) * rate
    }

    private mutating func adamax(_ z: Tensor, _ g: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        let m = try average("first-moment", g, Self.beta1)
        let u = try (stored("infinity-norm", like: g) * Self.beta2).maximum(g.absolute() + Self.epsilon)
        state["infinity-norm"] = u
        return try z - m / u * (rate / correction(Self.beta1))
    }

    private mutating func diffgrad(_ z: Tensor, _ gradient: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        let small = 1e-9
        let g = try gradient + z * small
        let m = try average("first-moment", g, Self.beta1)
        let v = try average("second-moment", g.squared(), Self.beta2)
        let change = try (stored("previous-gradient", like: g) - g).absolute()
        state["previous-gradient"] = g
        let scale = rate * correction(Self.beta2).squareRoot() / correction(Self.beta1)
        return try z - m * change.sigmoid() / (v.squareRoot() + small) * scale
    }

    private mutating func adamp(_ z: Tensor, _ g: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        let m = try average("first-moment", g, Self.beta1)
        let v = try average("second-moment", g.squared(), Self.beta2)
        let root = try v.squareRoot() / correction(Self.beta2).squareRoot() + Self.epsilon
        let direction = try Self.projected(m / root, z, g)
        return try z - direction * (rate / correction(Self.beta1))
    }

    /// Takes the radial part out of a direction where gradient and latent are nearly orthogonal, as a whole: the latent
    /// has one sample, so the paper's per-channel and per-layer views are the same.
    private static func projected(_ direction: Tensor, _ z: Tensor, _ g: Tensor) throws(TorchError) -> Tensor {
        let cosine = try (z * g).sum() / (z.norm() * g.norm() + epsilon)
        guard try abs(cosine.item()) < 0.1 / Double(z.count).squareRoot() else { return direction }
        let unit = try z / (z.norm() + epsilon)
        return try direction - unit * (unit * direction).sum()
    }

    private mutating func radam(_ z: Tensor, _ g: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        let m = try average("first-moment", g, Self.beta1) / correction(Self.beta1)
        let v = try average("second-moment", g.squared(), Self.beta2)
        let limit = 2 / (1 - Self.beta2) - 1
        let decayed = Double.pow(Self.beta2, Double(count))
        let rho = limit - 2 * Double(count) * decayed / (1 - decayed)
        guard rho > 5 else { return try z - m * rate }
        let rectified = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho)
        let scale = rate * rectified.squareRoot() * correction(Self.beta2).squareRoot()
        return try z - m / (v.squareRoot() + Self.epsilon) * scale
    }

    private mutating func rmsprop(_ z: Tensor, _ g: Tensor, _ rate: Double) throws(TorchError) -> Tensor {
        let v = try average("second-moment", g.squared(), 0.99)
        return try z - g / (v.squareRoot() + Self.epsilon) * rate
    }
}

extension LatentOptimizer {
    /// The same optimiser with its state on a device.
    func moved(to device: Device) throws(TorchError) -> LatentOptimizer {
        var state: [String: Tensor] = [:]
        for (name, tensor) in self.state { state[name] = try tensor.converted(on: device) }
        return LatentOptimizer(kind, state: state, count: count)
    }
}
