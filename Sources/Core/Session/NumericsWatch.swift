import Torch

/// Looks at the figures of a step, every so many steps, and knows the last state whose figures were good.
///
/// A look waits for the device. On a CPU that costs nothing, and every step is looked at before the latent moves; a GPU
/// would stand still while the host prepares the next step.
struct NumericsWatch {
    /// What a run can go back to.
    struct State {
        let step: Int
        let z: Tensor
        let optimizer: LatentOptimizer
        let average: LatentAverage
    }

    /// Steps between looks.
    let interval: Int
    /// One per audible prompt, as of the last look.
    private(set) var losses: [Double] = []
    private(set) var good: State?

    init(interval: Int) { self.interval = max(1, interval) }

    /// Whether states have to be kept: where a bad step is seen before it has moved anything there is nothing to go back
    /// to.
    var keepsStates: Bool { interval > 1 }

    /// Whether a step is to be looked at: one in `interval`, the last one, and the first one after the prompts changed.
    func isDue(step: Int, of total: Int, prompts: Int) -> Bool {
        prompts != losses.count || good == nil && keepsStates || (step + 1) % interval == 0 || step + 1 >= total
    }

    /// Brings the losses to the host, and sums that are finite where everything is, in one transfer.
    /// - Parameter losses: [audible prompts].
    /// - Returns: `nil` when anything is not finite.
    func read(_ losses: Tensor, _ sums: [Tensor]) throws(TorchError) -> [Double]? {
        var parts = [losses]
        for sum in sums { parts.append(try sum.reshaped([1])) }
        let values = try Tensor.concatenate(parts).floats()
        guard values.allSatisfy(\.isFinite) else { return nil }
        return values.prefix(losses.count).map(Double.init)
    }

    /// Takes over what a look has found good.
    mutating func accept(_ losses: [Double], _ state: State?) {
        self.losses = losses
        good = state
    }
}
