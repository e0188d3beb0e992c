import EngineKit
import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct LatentOptimizerTests {
    /// What PyTorch 2.15 makes of z = (1, -2, 0.5) with rate 0.1 and the
    /// gradients (0.1, -0.2, 0.3), (0.3, 0.1, -0.2), (-0.1, 0.4, 0.2).
    private static let expected: [(OptimizerKind, [Float])] = [
        (.adam, [0.7598527, -1.9190995, 0.3447737]),
        (.adamw, [0.7571474, -1.9133321, 0.3434896]),
        (.adagrad, [0.8352828, -2.0320084, 0.4069629]),
        (.adamax, [0.8006747, -1.9091846, 0.3552929]),
        (.radam, [0.9602118, -1.9878929, 0.456611]),
        (.rmsprop, [-0.6461279, -2.3237529, -0.431597]),
    ]

    private func run(_ kind: OptimizerKind) throws -> [Float] {
        let z = try Tensor([1, -2, 0.5] as [Float], shape: [1, 3, 1, 1])
        var optimizer = LatentOptimizer(kind)
        for gradient in [[0.1, -0.2, 0.3], [0.3, 0.1, -0.2], [-0.1, 0.4, 0.2]] as [[Float]] {
            try z.assign(optimizer.moved(z, gradient: Tensor(gradient, shape: [1, 3, 1, 1]), rate: 0.1))
        }
        return try z.floats()
    }

    @Test(arguments: expected) func followsPyTorch(kind: OptimizerKind, expected: [Float]) throws {
        for (ours, theirs) in zip(try run(kind), expected) { #expect(abs(ours - theirs) < 2e-6) }
    }

    @Test(arguments: OptimizerKind.allCases) func goesDownhill(kind: OptimizerKind) throws {
        let target = try Tensor([3, -1, 0.5, 2] as [Float], shape: [1, 4, 1, 1])
        let z = try Tensor.zeros([1, 4, 1, 1])
        var optimizer = LatentOptimizer(kind)
        let start = try (z - target).norm().item()
        for _ in 0..<60 { try z.assign(optimizer.moved(z, gradient: (z - target) * 2, rate: 0.1)) }
        #expect(try (z - target).norm().item() < start * 0.75)
    }

    /// Splitting a run at any step and rebuilding the optimiser from its state changes no bit.
    @Test(arguments: OptimizerKind.allCases) func continuesFromItsState(kind: OptimizerKind) throws {
        func gradient(_ step: Int) throws -> Tensor { try Tensor.normal([1, 3, 2, 2], seed: UInt64(step)) }
        let whole = try Tensor.normal([1, 3, 2, 2], seed: 99)
        let split = try whole.cloned()
        var first = LatentOptimizer(kind)
        for step in 0..<8 { try whole.assign(first.moved(whole, gradient: gradient(step), rate: 0.05)) }
        var before = LatentOptimizer(kind)
        for step in 0..<3 { try split.assign(before.moved(split, gradient: gradient(step), rate: 0.05)) }
        var after = LatentOptimizer(kind, state: before.state, count: before.count)
        for step in 3..<8 { try split.assign(after.moved(split, gradient: gradient(step), rate: 0.05)) }
        #expect(try whole.rawBytes() == split.rawBytes())
    }
}
