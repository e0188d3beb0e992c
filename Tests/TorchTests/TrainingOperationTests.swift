import Foundation
import Testing
import Torch

extension TorchSuites {
    /// The operations that only training needs.
    @Suite(.serialized) struct TrainingOperationTests {
        private func tensor(_ values: [Float], _ shape: [Int]) throws -> Tensor { try Tensor(values, shape: shape) }

        @Test func gradientOfOneTensorLeavesTheOthersAlone() throws {
            let a = try tensor([2, 3], [2]).requiringGradient()
            let b = try tensor([5, 7], [2]).requiringGradient()
            let product = try (a * b).sum()
            #expect(try product.gradient(of: a, keepsGraph: true).floats() == [5, 7])
            #expect(try product.gradient(of: b).floats() == [2, 3])
            #expect(try a.gradient() == nil)
            // The graph is gone, and a vector has no single gradient.
            #expect(throws: TorchError.self) { try product.gradient(of: a) }
            let error = #expect(throws: TorchError.self) { try (a * b).gradient(of: a) }
            #expect(error?.code == .argument)
        }

        @Test func movingIsInPlace() throws {
            let a = try tensor([0, 10], [2])
            try a.move(towards: tensor([4, 20], [2]), by: 0.25)
            #expect(try a.floats() == [1, 12.5])
            let error = #expect(throws: TorchError.self) { try a.move(towards: self.tensor([1], [1]), by: 0.5) }
            #expect(error?.code == .argument)
            #expect(try a.floats() == [1, 12.5])
        }

        @Test func rowsAreSummedByIndex() throws {
            let rows = try tensor([1, 2, 3, 4, 5, 6], [3, 2])
            let sums = try rows.summed(intoRows: Tensor([2, 0, 2] as [Int64], shape: [3]), of: 4)
            #expect(try sums.floats() == [3, 4, 0, 0, 6, 8, 0, 0])
            #expect(throws: TorchError.self) {
                try rows.summed(intoRows: Tensor([4, 0, 0] as [Int64], shape: [3]), of: 4)
            }
        }

        @Test func batchStatisticsNormaliseAndAreRemembered() throws {
            let x = try tensor([1, 3, 5, 7], [4, 1, 1, 1])
            let (mean, variance) = (try tensor([0], [1]), try tensor([1], [1]))
            let y = try x.batchNormTraining(
                weight: tensor([2], [1]),
                bias: tensor([1], [1]),
                mean: mean,
                variance: variance,
                momentum: 0.5,
                epsilon: 0
            )
            let deviation = Float(5).squareRoot()
            for (value, source) in zip(try y.floats(), [1, 3, 5, 7] as [Float]) {
                #expect(abs(value - ((source - 4) / deviation * 2 + 1)) < 1e-5)
            }
            // Half way to 4, and to the unbiased variance 20 / 3.
            #expect(try mean.item() == 2)
            #expect(abs(try variance.item() - (1 + 20.0 / 3) / 2) < 1e-5)
        }

        @Test func oneStepOfAdamWByHand() throws {
            let (x, first, second) = (try tensor([1], [1]), try tensor([0], [1]), try tensor([0], [1]))
            let optimizer = AdamW(rate: 0.1, beta1: 0.5, beta2: 0.5, epsilon: 0, decay: 0.2)
            try optimizer.update(x, gradient: tensor([4], [1]), first: first, second: second, step: 1)
            // 1 · (1 − 0.1 · 0.2) − 0.1 · (2 / 0.5) / √(8 / 0.5).
            #expect(abs(try x.item() - 0.88) < 1e-6)
            #expect(try first.item() == 2 && second.item() == 8)
            let error = #expect(throws: TorchError.self) {
                try optimizer.update(x, gradient: self.tensor([1, 2], [2]), first: first, second: second, step: 2)
            }
            #expect(error?.code == .argument)
        }

        @Test func exponentialOfALogarithm() throws {
            #expect(abs(try tensor([3], [1]).logarithm().exponential().item() - 3) < 1e-6)
        }
    }
}
