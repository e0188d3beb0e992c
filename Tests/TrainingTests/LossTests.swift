import Foundation
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct LossTests {
    /// d(loss)/d(x) at one element, by central differences.
    private func slope(_ x: [Float], _ shape: [Int], _ index: Int, _ loss: (Tensor) throws -> Tensor) throws -> Double {
        func value(_ change: Float) throws -> Double {
            var moved = x
            moved[index] += change
            return try loss(Tensor(moved, shape: shape)).item()
        }
        return try (value(1e-2) - value(-1e-2)) / 2e-2
    }

    private func expectSlopes(_ x: [Float], _ shape: [Int], _ loss: (Tensor) throws -> Tensor) throws {
        let leaf = try Tensor(x, shape: shape).requiringGradient()
        let gradient = try loss(leaf).gradient(of: leaf).floats()
        for index in stride(from: 0, to: x.count, by: max(1, x.count / 7)) {
            let expected = try slope(x, shape, index, loss)
            #expect(abs(Double(gradient[index]) - expected) < 2e-3 + abs(expected) * 2e-2, "element \(index)")
        }
    }

    private func random(_ shape: [Int], seed: UInt64) throws -> [Float] {
        try Tensor.normal(shape, seed: seed).floats()
    }

    @Test func gradientLossCountsEdgesOnly() throws {
        let ramp = try floats([0, 1, 2, 3], [1, 1, 2, 2])
        let flat = try Tensor.full(5, shape: [1, 1, 2, 2])
        // Across 1 and 1, down 2 and 2.
        #expect(try PictureLosses.gradient(ramp, flat).item() == 3)
        #expect(try PictureLosses.gradient(ramp, ramp + 7).item() == 0)
        #expect(try PictureLosses.absolute(ramp, flat).item() == 3.5)
    }

    @Test func pyramidAddsUpItsScales() throws {
        let shape = [1, 3, 8, 8]
        let a = try Tensor(random(shape, seed: 1), shape: shape)
        let b = try Tensor(random(shape, seed: 2), shape: shape)
        let (absolute, gradient) = try PictureLosses.pyramid(a, b)
        let (half, quarter) = (
            (try a.averagePooled(2), try b.averagePooled(2)), (try a.averagePooled(4), try b.averagePooled(4))
        )
        let expected =
            try PictureLosses.absolute(a, b).item()
            + 0.25
            * (PictureLosses.absolute(half.0, half.1).item() + PictureLosses.absolute(quarter.0, quarter.1).item())
        #expect(abs(try absolute.item() - expected) < 1e-5)
        let edges = try [(a, b), half, quarter].map { try PictureLosses.gradient($0.0, $0.1).item() }
        #expect(abs(try gradient.item() - edges.reduce(0, +) / 2) < 1e-5)
    }

    @Test func likenessIsThatOfDirections() throws {
        let x = try floats([3, 4], [1, 2, 1, 1])
        let y = try floats([-4, 3], [1, 2, 1, 1])
        #expect(abs(try #require(try PictureLosses.perceptual([x], [x * 9])).item()) < 1e-6)
        #expect(abs(try #require(try PictureLosses.perceptual([x, x], [y, y])).item() - 4) < 1e-5)
        try expectSlopes(random([2, 3, 2, 2], seed: 5), [2, 3, 2, 2]) { x in
            try #require(try PictureLosses.perceptual([x], [Tensor.full(1, shape: [2, 3, 2, 2])]))
        }
    }

    @Test func signalToNoiseIsInDecibels() throws {
        let a = try Tensor.full(0.5, shape: [2, 3, 4, 4])
        #expect(try PictureLosses.signalToNoise(a, a + 0.1).allSatisfy { abs($0 - 20) < 1e-3 })
    }

    @Test func hingeStopsAtOne() throws {
        let real = try floats([2, 0.5], [2])
        let generated = try floats([-3, 0], [2])
        // (0 + 0.5) / 2 and (0 + 1) / 2, halved.
        #expect(try AdversarialLoss.discriminator(real: real, generated: generated).item() == 0.375)
        #expect(try AdversarialLoss.generator(generated).item() == 1.5)
    }

    @Test func adaptiveWeightIsTheRatioOfGradients() throws {
        let w = try floats([1, 1], [2]).requiringGradient()
        let weight = try AdversarialLoss.adaptiveWeight(
            reconstruction: (w * 6).sum(),
            adversarial: (w * 2).sum(),
            lastLayer: w
        )
        #expect(abs(weight - 3) < 1e-3)
        #expect(try w.gradient() == nil, "nothing is left behind")
    }

    @Test func contrastOfTwoPairsByHand() throws {
        let images = try floats([1, 0, 0, 1], [2, 2])
        let texts = try floats([0.8, 0.6, 0, 1], [2, 2])
        let scale = try floats([2], [1])
        let targets = try ContrastiveLoss.targets(["a", "b"])
        let loss = try ContrastiveLoss.symmetric(images: images, texts: texts, scale: scale, targets: targets).item()
        // Similarities [[1.6, 1.2], [0, 2]], rows are texts.
        func surprise(_ own: Double, _ other: Double) -> Double { log(1 + exp(other - own)) }
        let ofTexts = surprise(1.6, 1.2) + surprise(2, 0)
        let ofImages = surprise(1.6, 0) + surprise(2, 1.2)
        #expect(abs(loss - (ofTexts + ofImages) / 4) < 1e-5)
    }

    @Test func sameCaptionsShareTheirTarget() throws {
        let targets = try ContrastiveLoss.targets(["a", "b", "a"]).floats()
        #expect(targets == [0.5, 0, 0.5, 0, 1, 0, 0.5, 0, 0.5])
        // All the same: whatever the features, each picture is as right as any other.
        let rows = try Tensor(random([3, 4], seed: 1), shape: [3, 4]).normalized()
        let same = try ContrastiveLoss.symmetric(
            images: rows,
            texts: Tensor.full(0.5, shape: [3, 4]),
            scale: floats([1], [1]),
            targets: ContrastiveLoss.targets(["a", "a", "a"])
        )
        #expect(try same.item() >= log(3) - 1e-5)
    }

    @Test func negativesOnlyCompeteForTexts() throws {
        let features = try floats([1, 0, 0, 1], [2, 2])
        let (scale, targets) = (try floats([3], [1]), try ContrastiveLoss.targets(["a", "b"]))
        func loss(_ negatives: Tensor?) throws -> Double {
            try ContrastiveLoss.symmetric(
                images: features,
                texts: features,
                scale: scale,
                targets: targets,
                negatives: negatives
            ).item()
        }
        let without = log(1 + exp(-3.0))
        // A picture that claims to be the first text: it is as similar to it as the right one.
        let first = log(2 + exp(-3.0))
        let second = log(1 + 2 * exp(-3.0))
        #expect(abs(try loss(nil) - without) < 1e-5)
        let expected = (first + second + 2 * without) / 4
        #expect(abs(try loss(floats([1, 0], [1, 2])) - expected) < 1e-5)
    }

    @Test func contrastHasTheRightSlopes() throws {
        let texts = try Tensor(random([3, 4], seed: 8), shape: [3, 4]).normalized()
        let targets = try ContrastiveLoss.targets(["a", "b", "a"])
        try expectSlopes(random([3, 4], seed: 9), [3, 4]) { images in
            try ContrastiveLoss.symmetric(
                images: images.normalized(),
                texts: texts,
                scale: floats([5], [1]),
                targets: targets
            )
        }
    }

    @Test func wordsOfACaptionShareIt() throws {
        let words = CaptionWords(of: ["a red disc", "a red bar", "the blue disc", "a blue bar"])
        #expect(words.words == ["bar", "blue", "disc", "red"])
        #expect(words.shares("Red, red disc!") == [0, 0, 0.5, 0.5])
        let shares = try Tensor(words.shares("disc of gold"), shape: [1, 4])
        #expect(abs(try ContrastiveLoss.words(Tensor.zeros([1, 4]), shares).item() - log(4)) < 1e-6)
        #expect(try ContrastiveLoss.words(Tensor.zeros([1, 4]), Tensor.zeros([1, 4])).item() == 0)
    }

    @Test func recallCountsPicturesOfTheSameCaption() {
        // The first text finds the third picture, which has the same caption; the second finds the first.
        let similar: [Float] = [0.1, 0.2, 0.9, 0.8, 0.5, 0.1, 0.1, 0.2, 0.9]
        let retrieval = Retrieval(similar, captions: ["a", "b", "a"])
        #expect(retrieval.recall(1) == 2.0 / 3)
        #expect(retrieval.recall(2) == 1)
        #expect(retrieval.best(2, for: 1) == [0, 1])
        #expect(retrieval.examples(6) == [0, 1])
    }
}
