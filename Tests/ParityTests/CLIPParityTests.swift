import Foundation
import ModelFormats
import Testing
import Tokenizers
import Torch

@testable import Core

/// CLIPs of both towers, as a state dict and as a TorchScript archive, against what PyTorch computed with them.
@Suite(.serialized) struct CLIPParityTests {
    @Test(arguments: [("clip-vit.pt", "clip-vit"), ("clip-vit.jit.pt", "clip-vit")])
    func everyTensorIsAlike(file: String, name: String) throws {
        let clip = try ParityFixtures.clip(file)
        let expected = Comparison(file, try ParityFixtures.expected(name))
        try checkTexts(clip, expected)
        try expected.check(try clip.imageFeatures(expected.given("image")), "image_features")
        try checkLoss(clip, expected) { try expected.check($0, "grad_image") }
        expected.finish()
    }

    /// The features and the gradient of the images were computed before the statistics of the batch normalisation were
    /// rounded to the float16 of the file: PyTorch itself differs as much. So the distance to them is known to be above
    /// 1e-4, but it must not be more than such a rounding makes.
    @Test func residualNetworkIsAlikeUpToTheRoundingOfItsStatistics() throws {
        let clip = try ParityFixtures.clip("clip-rn.pt")
        let expected = Comparison("clip-rn.pt", try ParityFixtures.expected("clip-rn"))
        try checkTexts(clip, expected)
        let image = try expected.given("image")
        let texts = try expected.given("text_features")
        let ours = try Self.features(clip, image, texts)
        let rounding = try roundingOfStatistics(image, texts, ours)
        let errors = [
            (try expected.error(of: ours.features, "image_features"), rounding.features),
            (try expected.error(of: ours.gradient, "grad_image"), rounding.gradient),
        ]
        for (error, bound) in errors {
            withKnownIssue("the expected values belong to statistics before rounding", isIntermittent: true) {
                #expect(error <= 1e-4)
            }
            #expect(error <= max(1e-4, bound))
        }
        try checkLoss(clip, expected) { _ in }
        expected.finish()
    }

    /// The same network against PyTorch's results with the very bytes of the file.
    @Test(.enabled(if: ParityFixtures.areOwn)) func residualNetworkAsStoredIsAlike() throws {
        let clip = try ParityFixtures.clip("clip-rn.pt")
        let stored = Comparison("clip-rn.pt as stored", try ParityFixtures.stored())
        let ours = try Self.features(clip, stored.given("image"), stored.given("text_features"))
        try stored.check(ours.features, "image_features")
        try stored.check(ours.gradient, "grad_image")
    }

    // MARK: Parts

    private func checkTexts(_ clip: CLIP, _ expected: Comparison) throws {
        let texts = try JSONDecoder().decode([String].self, from: Data(try expected.metadata("texts").utf8))
        let tokens = try expected.given("tokens")
        let ids = texts.flatMap { clip.tokenizer.window($0).ids }
        #expect(try ids == tokens.converted(to: .int64).integers())
        try expected.check(try clip.textFeatures(tokens.converted(to: .int64)), "text_features")
    }

    /// The loss of the three prompts, and its gradient with respect to the images.
    private func checkLoss(_ clip: CLIP, _ expected: Comparison, gradient: (Tensor) throws -> Void) throws {
        let image = try expected.given("image").cloned().requiringGradient()
        let loss = try Self.loss(clip.imageFeatures(image), expected.given("text_features"))
        try expected.check(loss.detached().reshaped([1]), "loss")
        try loss.backward()
        try gradient(try #require(try image.gradient()))
    }

    private static func loss(_ features: Tensor, _ texts: Tensor) throws -> Tensor {
        let unit = try features.normalized()
        var loss = try Tensor.zeros([1])
        let prompts: [(weight: Double, stop: Double?)] = [(1, nil), (0.5, 0.9), (-0.3, -0.2)]
        for (index, prompt) in prompts.enumerated() {
            let text = try texts.slice(0, from: index, length: 1).normalized()
            let target = PromptTarget(embeddings: text, weight: prompt.weight, stop: prompt.stop)
            loss = try loss + PromptLoss.value(unit, target, pairs: features.shape[0])
        }
        return loss
    }

    private typealias Result = (features: Tensor, gradient: Tensor)

    private static func features(_ clip: CLIP, _ image: Tensor, _ texts: Tensor) throws -> Result {
        let image = try image.cloned().requiringGradient()
        let features = try clip.imageFeatures(image)
        try loss(features, texts).backward()
        return (try features.detached(), try #require(try image.gradient()))
    }

    /// Twice the greatest change that moving every statistic within its rounding makes, over a few random draws.
    private func roundingOfStatistics(
        _ image: Tensor,
        _ texts: Tensor,
        _ ours: Result
    ) throws -> (features: Double, gradient: Double) {
        let source = try ModelSource(.clip, in: ParityFixtures.model("clip-rn.pt"))
        guard case .clip(let shape) = source.model.architecture else { return (0, 0) }
        let configuration = CLIPConfiguration(shape, source.model.description(of: shape, in: ParityFixtures.folder))
        let marks = TokenMarks(start: 0, end: 0, padding: 0, contextLength: configuration.contextLength)
        let tokenizer = ByteLevelTokenizer(vocabulary: nil, merges: [], marks: marks)
        var greatest = (features: 0.0, gradient: 0.0)
        for draw in UInt64(1)...4 {
            let mapped = MappedStateDict(source.file, source.model)
            var tensors: [String: Tensor] = [:]
            for (index, key) in mapped.keys.enumerated() {
                var tensor = try mapped.tensor(key)
                if key.contains("running_") {
                    // Half of a float16's last place is up to 2⁻¹¹ of the number.
                    let noise = try Tensor.uniform(tensor.shape, seed: draw << 32 + UInt64(index)) * 2 - 1
                    tensor = try tensor.converted(to: .float32) * (noise * 0x1p-11 + 1)
                }
                tensors[key] = tensor
            }
            let w = Weights(MemoryStateDict(tensors))
            let other = try Self.features(CLIP(w, configuration: configuration, tokenizer: tokenizer), image, texts)
            greatest.features = max(greatest.features, try relativeError(other.features, ours.features))
            greatest.gradient = max(greatest.gradient, try relativeError(other.gradient, ours.gradient))
        }
        print("parity clip-rn.pt rounding of statistics \(greatest)")
        return (2 * greatest.features, 2 * greatest.gradient)
    }
}

extension Comparison {
    func metadata(_ key: String) throws -> String { try #require(file.metadata[key]) }
}
