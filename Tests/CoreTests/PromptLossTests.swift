import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct PromptLossTests {
    /// Two directions whose cosine is known.
    private func pair(cosine: Double) throws -> (Tensor, Tensor) {
        let sine = (1 - cosine * cosine).squareRoot()
        return (
            try Tensor([1, 0] as [Float], shape: [1, 2]), try Tensor([Float(cosine), Float(sine)], shape: [1, 2])
        )
    }

    /// θ²/2 for the angle θ between the embeddings.
    @Test(arguments: [(0.15, 1.01), (0.20, 0.94), (0.25, 0.87), (0.30, 0.80), (0.35, 0.74), (0.40, 0.67)])
    func distanceTable(cosine: Double, expected: Double) throws {
        let (a, b) = try pair(cosine: cosine)
        #expect(abs(try PromptLoss.sphericalDistance(a, b).item() - expected) < 0.006)
    }

    @Test(arguments: [1.0, -1.0]) func coincidingAndOppositeEmbeddingsHaveFiniteGradients(cosine: Double) throws {
        let (a, b) = try pair(cosine: cosine)
        try a.requiringGradient()
        let distance = try PromptLoss.sphericalDistance(a, b)
        try distance.sum().backward()
        let gradient = try #require(try a.gradient()).floats()
        #expect(gradient.allSatisfy { $0.isFinite })
        #expect(abs(try distance.item() - (cosine > 0 ? 0 : Double.pi * .pi / 2)) < 0.01)
    }

    @Test func stopChangesTheGradientNotTheValue() throws {
        let (a, b) = try pair(cosine: 0.3)
        try a.requiringGradient()
        for (stop, pulls) in [(nil, true), (0.7, true), (0.9, false)] as [(Double?, Bool)] {
            try a.clearGradient()
            let value = try PromptLoss.value(a, PromptTarget(embeddings: b, weight: 1, stop: stop), pairs: 1)
            #expect(abs(try value.item() - 0.8024) < 0.001)
            try value.backward()
            let size = try #require(try a.gradient()).norm().item()
            #expect((size > 0.1) == pulls)
        }
    }

    @Test func aTieWithTheStopGetsHalfTheGradient() throws {
        let (a, b) = try pair(cosine: 0.3)
        try a.requiringGradient()
        try PromptLoss.value(a, PromptTarget(embeddings: b, weight: 1, stop: nil), pairs: 1).backward()
        let whole = try #require(try a.gradient()).norm().item()
        let distance = try PromptLoss.sphericalDistance(a, b).item()
        try a.clearGradient()
        try PromptLoss.value(a, PromptTarget(embeddings: b, weight: 1, stop: distance), pairs: 1).backward()
        #expect(abs(try #require(try a.gradient()).norm().item() - whole / 2) < 1e-6)
    }

    @Test func negativeWeightPushesAwayOnlyWithinItsStop() throws {
        let (a, b) = try pair(cosine: 0.3)
        try a.requiringGradient()
        let free = try PromptLoss.value(a, PromptTarget(embeddings: b, weight: -0.5, stop: nil), pairs: 1)
        #expect(abs(try free.item() + 0.4012) < 0.001)
        try free.backward()
        let pushing = try #require(try a.gradient()).floats()
        // Descending this gradient turns a away from b, whose second coordinate is positive.
        #expect(pushing[1] > 0)
        try a.clearGradient()
        let stopped = try PromptLoss.value(a, PromptTarget(embeddings: b, weight: -0.5, stop: -0.7), pairs: 1)
        try stopped.backward()
        #expect(try #require(try a.gradient()).norm().item() == 0)
    }

    @Test func weightZeroGivesZero() throws {
        let (a, b) = try pair(cosine: 0.3)
        #expect(try PromptLoss.value(a, PromptTarget(embeddings: b, weight: 0, stop: nil), pairs: 1).item() == 0)
    }
}

@Suite(.serialized, .leavesNothingAlive) struct GradientPropertyTests {
    /// Below, inside and above the range, with gradients of both signs: only what pushes further out is blocked.
    @Test func clampBlocksOnlyGradientsThatPushFurtherOut() throws {
        let x = try Tensor([-1, -1, 0.5, 0.5, 2, 2] as [Float], shape: [6]).requiringGradient()
        let y = try x.clampedKeepingGradient(0, 1)
        #expect(try y.floats() == [0, 0, 0.5, 0.5, 1, 1])
        try y.backward(try Tensor([1, -1, 1, -1, 1, -1] as [Float], shape: [6]))
        #expect(try #require(try x.gradient()).floats() == [0, -1, 1, -1, 1, 0])
    }

    @Test func straightThroughKeepsValuesBitForBit() throws {
        let values = try Tensor.normal([64], seed: 1)
        let source = try (Tensor.normal([64], seed: 2) * 1e6).requiringGradient()
        let result = try values.withGradient(to: source)
        #expect(try result.floats() == values.floats())
        try (result * 3).sum().backward()
        #expect(try #require(try source.gradient()).floats() == [Float](repeating: 3, count: 64))
    }
}
