import EngineKit
import Testing
import Tokenizers
import Torch

@testable import Core

/// Twenty steps of the whole loop on the small VQGAN and ViT CLIP against what PyTorch computed: one cutout, the
/// picture pooled to 32 × 32, Adam with rate 0.1, z clamped to the codebook's range.
@Suite(.serialized, .leavesNothingAlive) struct TrajectoryTests {
    @Test func followsTheReference() throws {
        let expected = try Fixtures.open("trajectory.expected.safetensors")
        let vqganWeights = Weights(try Fixtures.open("vqgan.safetensors"))
        let vqgan = try VQGAN(vqganWeights, configuration: VQGANConfiguration(inferredFrom: vqganWeights))
        let clipWeights = Weights(try Fixtures.open("clip-vit.safetensors"))
        let configuration = try CLIPConfiguration(inferredFrom: clipWeights)
        let marks = TokenMarks(start: 0, end: 0, padding: 0, contextLength: configuration.contextLength)
        let tokenizer = ByteLevelTokenizer(vocabulary: nil, merges: [], marks: marks)
        let clip = try CLIP(clipWeights, configuration: configuration, tokenizer: tokenizer)
        let path = try expected.tensor("z")
        let losses = try expected.tensor("losses").floats()
        let target = PromptTarget(embeddings: try expected.tensor("text").normalized(), weight: 1, stop: nil)
        let start = try path.slice(0, from: 0, length: 1)
        let z = try start.reshaped(Array(path.shape.dropFirst())).cloned().requiringGradient()
        var optimizer = LatentOptimizer(.adam)
        for step in 0..<20 {
            try z.clearGradient()
            let picture = try vqgan.picture(z)
            let cutout = try picture.adaptiveAveragePooled(height: 32, width: 32)
            let features = try clip.imageFeatures(cutout).normalized()
            let loss = try PromptLoss.value(features, target, pairs: 1)
            try loss.backward()
            let moved = try optimizer.moved(z, gradient: #require(try z.gradient()), rate: 0.1)
            try z.assign(moved.clamped(vqgan.codebookMinimum, vqgan.codebookMaximum))
            let reference = try path.slice(0, from: step + 1, length: 1).reshaped(z.shape)
            let error = try relativeError(z.detached(), reference)
            let lossError = try abs(loss.item() - Double(losses[step])) / Double(losses[step])
            print("step \(step + 1): z \(error), loss \(lossError)")
            // A cell whose two nearest codes tie within rounding may change sides, which grows along the way.
            let bound = step < 3 ? 1e-4 : step < 10 ? 2e-2 : 1e-1
            #expect(error < bound)
            #expect(lossError < max(1e-4, bound / 10))
        }
    }
}
