import EngineKit
import Foundation
import Testing
import Torch

@testable import Core

/// Twenty steps of the whole loop against what PyTorch computed: one cutout, the picture pooled to 32 × 32, Adam with
/// rate 0.1, z clamped to the codebook's range.
@Suite(.serialized) struct TrajectoryParityTests {
    private static let prompt = "over the cold and misty mountains"

    @Test func followsTheReference() throws {
        let vqgan = try ParityFixtures.vqgan("vqgan.ckpt")
        let clip = try ParityFixtures.clip("clip-vit.pt")
        let expected = Comparison("trajectory", try ParityFixtures.expected("trajectory"))
        let text = try clip.textFeatures(of: [Self.prompt]).features.normalized()
        #expect(try relativeError(text, expected.given("text").normalized()) <= 1e-4)
        let path = try expected.given("z")
        let losses = try expected.given("losses").floats()
        expected.finish()
        let target = PromptTarget(embeddings: text, weight: 1, stop: nil)
        let start = try path.slice(0, from: 0, length: 1)
        let z = try start.reshaped(Array(path.shape.dropFirst())).cloned().requiringGradient()
        var optimizer = LatentOptimizer(.adam)
        for (step, expectedLoss) in losses.enumerated() {
            try z.clearGradient()
            let picture = try vqgan.picture(z)
            let cutout = try picture.adaptiveAveragePooled(height: 32, width: 32)
            let loss = try PromptLoss.value(clip.imageFeatures(cutout).normalized(), target, pairs: 1)
            try loss.backward()
            let moved = try optimizer.moved(z, gradient: #require(try z.gradient()), rate: 0.1)
            try z.assign(moved.clamped(vqgan.codebookMinimum, vqgan.codebookMaximum))
            let reference = try path.slice(0, from: step + 1, length: 1).reshaped(z.shape)
            let error = try relativeError(z.detached(), reference)
            let lossError = try abs(loss.item() - Double(expectedLoss)) / Double(expectedLoss)
            print("parity trajectory step \(step + 1): z \(error), loss \(lossError)")
            if step < 3 {
                #expect(try settledError(z, reference, path) < 1e-4)
            }
            // A cell whose two nearest codes tie within rounding may change sides, which grows along the way.
            let bound = step < 3 ? 1e-3 : step < 10 ? 2e-2 : 1e-1
            #expect(error < bound)
            #expect(lossError < max(1e-4, bound / 10))
        }
    }

    /// The error over the elements that the reference moves by nearly the whole rate in its first step.
    ///
    /// The others have gradients of about Adam's ε = 1e-8 or below there, where the rounding of a gradient decides how
    /// far, and even which way, its element is moved; or they have met the codebook's range. They must be few.
    private func settledError(_ z: Tensor, _ reference: Tensor, _ path: Tensor) throws -> Double {
        let (ours, theirs) = (try z.detached().floats(), try reference.floats())
        let (start, first) = (
            try path.slice(0, from: 0, length: 1).floats(), try path.slice(0, from: 1, length: 1).floats()
        )
        let moved = zip(first, start).map { abs($0 - $1) >= 0.09 }
        #expect(moved.filter { !$0 }.count < moved.count / 4)
        var (difference, whole) = (0.0, 0.0)
        for (index, isCounted) in moved.enumerated() where isCounted {
            difference += pow(Double(ours[index]) - Double(theirs[index]), 2)
            whole += pow(Double(theirs[index]), 2)
        }
        return (difference / whole).squareRoot()
    }
}
