import Foundation
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct OptimizerTests {
    private func parameters(_ values: [Float]) throws -> (ParameterSet, Tensor) {
        let set = ParameterSet()
        let source = MemoryStateDict(["w": try Tensor(values, shape: [values.count])])
        return (set, try Weights(source, training: set).tensor("w", [values.count]))
    }

    @Test func firstStepsAreTheRateLong() throws {
        let (set, w) = try parameters([1, -2])
        let optimizer = try ModelOptimizer(set, AdamW(rate: 0, beta1: 0.9, beta2: 0.99), averageDecay: 0.5)
        for step in 1...2 {
            try (w * floats([3, -5], [2])).sum().backward()
            let norm = try optimizer.step(rate: 0.1, limit: 100)
            #expect(abs(norm - 34.0.squareRoot()) < 1e-4)
            // A constant gradient: both moments, corrected, are the gradient's own.
            let expected = [1 - 0.1 * Float(step), -2 + 0.1 * Float(step)]
            for (value, wanted) in zip(try w.detached().floats(), expected) { #expect(abs(value - wanted) < 1e-5) }
        }
        #expect(try w.gradient() == nil)
        #expect(optimizer.count == 2)
    }

    @Test func decayIsForMatricesOnly() throws {
        let set = ParameterSet()
        let source = MemoryStateDict(["m": try floats([2], [1, 1]), "b": try floats([2], [1])])
        let w = Weights(source, training: set)
        let (matrix, bias) = (try w.tensor("m", [1, 1]), try w.tensor("b", [1]))
        let optimizer = try ModelOptimizer(set, AdamW(rate: 0, decay: 0.5), averageDecay: 0)
        try ((matrix * 0).sum() + (bias * 0).sum()).backward()
        _ = try optimizer.step(rate: 0.1, limit: 1)
        #expect(abs(try matrix.item() - 1.9) < 1e-6)
        #expect(try bias.item() == 2)
    }

    @Test func longGradientsAreShortened() throws {
        let (_, w) = try parameters([1, 1])
        try (w * floats([3, 4], [2])).sum().backward()
        #expect(try Tensor.clipGradients(of: [w], to: 1) == 5)
        let gradient = try #require(try w.gradient()).floats()
        #expect(abs(gradient[0] - 0.6) < 1e-5 && abs(gradient[1] - 0.8) < 1e-5)
    }

    @Test func gradientsThatAreNotFiniteChangeNothing() throws {
        let (set, w) = try parameters([0, 1])
        let optimizer = try ModelOptimizer(set, AdamW(rate: 0), averageDecay: 0.5)
        try w.logarithm().sum().backward()
        #expect(throws: TrainingError.self) { _ = try optimizer.step(rate: 0.1, limit: 1) }
        #expect(try w.detached().floats() == [0, 1])
        #expect(optimizer.count == 0)
    }

    @Test func averagesTrailAndGoAgain() throws {
        let (set, w) = try parameters([0])
        let optimizer = try ModelOptimizer(set, AdamW(rate: 0), averageDecay: 0.999)
        for _ in 0..<3 {
            try w.sum().backward()
            _ = try optimizer.step(rate: 1, limit: 10)
        }
        let now = try w.detached().floats()
        let inside = try optimizer.withAverages { try w.detached().floats() }
        #expect(inside[0] > now[0] && inside[0] < 0)
        #expect(try w.detached().floats() == now)
        struct Failure: Error {}
        #expect(throws: Failure.self) { try optimizer.withAverages { throw Failure() } }
        #expect(try w.detached().floats() == now, "also after a failure")
    }

    @Test func rateWarmsUpAndCools() {
        let schedule = RateSchedule(rate: 2, warmupSteps: 10)
        #expect(abs(schedule.rate(step: 0, fraction: 0) - 0.2) < 1e-9)
        #expect(abs(schedule.rate(step: 9, fraction: 0) - 2) < 1e-9)
        #expect(abs(schedule.rate(step: 99, fraction: 0.5) - 2 * 0.51) < 1e-9)
        #expect(abs(schedule.rate(step: 99, fraction: 1) - 0.04) < 1e-9)
    }

    @Test func newParametersFollowFromKeyAndSeed() throws {
        func make(_ seed: UInt64) throws -> [String: [Float]] {
            let set = ParameterSet(seed: seed, initialValues: { InitialRules.values($0, $1) })
            let w = Weights(MemoryStateDict([:]), training: set)
            _ = try Conv2d(w / "a", 2, 3, kernel: 3)
            _ = try BatchNorm2d(w / "bn", channels: 3)
            #expect(set.trained.keys.sorted() == ["a.bias", "a.weight", "bn.bias", "bn.weight"])
            #expect(set.fixed.keys.sorted() == ["bn.running_mean", "bn.running_var"])
            return try set.all.mapValues { try $0.detached().floats() }
        }
        let one = try make(1)
        #expect(try make(1) == one)
        #expect(try make(2) != one)
        let bound = 1 / Float(18).squareRoot()
        #expect(try #require(one["a.weight"]).allSatisfy { abs($0) <= bound })
        #expect(one["a.bias"] == [0, 0, 0] && one["bn.weight"] == [1, 1, 1] && one["bn.running_var"] == [1, 1, 1])
    }

    @Test func foldedNormalisationComputesTheSame() throws {
        let set = ParameterSet(seed: 1, initialValues: { InitialRules.values($0, $1) })
        let w = Weights(MemoryStateDict([:]), training: set)
        let conv = try Conv2d(w / "c", 3, 4, kernel: 3, padding: 1, hasBias: false)
        let norm = try BatchNorm2d(w / "c_bn", channels: 4)
        set.statisticsMomentum = 0.5
        let x = try Tensor.normal([4, 3, 6, 6], seed: 2)
        try withoutGradient { for _ in 0..<3 { _ = try norm(conv(x)) } }
        set.statisticsMomentum = nil
        let folded = try BatchNormFolding.folded(set.all)
        #expect(folded.keys.sorted() == ["c.bias", "c.weight"])
        let other = try Conv2d(Weights(MemoryStateDict(folded)) / "c", 3, 4, kernel: 3, padding: 1)
        let difference = try withoutGradient {
            try (norm(conv(x)) - other(x)).absolute().maximum(over: 0, 1, 2, 3).item()
        }
        #expect(difference < 1e-5)
    }
}
