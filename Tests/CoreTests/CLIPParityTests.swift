import Testing
import Tokenizers
import Torch

@testable import Core

/// Small CLIPs with OpenAI's two image towers against what PyTorch computed, gradients included.
@Suite(.serialized, .leavesNothingAlive) struct CLIPParityTests {
    private static let names = ["clip-vit", "clip-rn"]

    private struct Case {
        let name: String
        let clip: CLIP
        let expected: FileStateDict

        init(_ name: String) throws {
            self.name = name
            expected = try Fixtures.open("\(name).expected.safetensors")
            let w = Weights(try Fixtures.open("\(name).safetensors"))
            let configuration = try CLIPConfiguration(inferredFrom: w)
            let marks = TokenMarks(start: 0, end: 0, padding: 0, contextLength: configuration.contextLength)
            let tokenizer = ByteLevelTokenizer(vocabulary: nil, merges: [], marks: marks)
            clip = try CLIP(w, configuration: configuration, tokenizer: tokenizer)
            try w.finish()
        }

        func check(_ ours: Tensor, _ key: String) throws {
            let error = try relativeError(ours, expected.tensor(key))
            #expect(error <= 1e-4)
        }
    }

    @Test(arguments: names) func featuresAreAlike(name: String) throws {
        let fixture = try Case(name)
        try fixture.check(try fixture.clip.imageFeatures(fixture.expected.tensor("image")), "image_features")
        let tokens = try fixture.expected.tensor("tokens").converted(to: .int64)
        try fixture.check(try fixture.clip.textFeatures(tokens), "text_features")
    }

    @Test(arguments: names) func lossAndGradientAreAlike(name: String) throws {
        let fixture = try Case(name)
        let image = try fixture.expected.tensor("image").requiringGradient()
        let features = try fixture.clip.imageFeatures(image).normalized()
        let texts = try fixture.expected.tensor("text_features")
        var loss = try Tensor.zeros([1])
        for (index, (weight, stop)) in [(1, -Double.infinity), (0.5, 0.9), (-0.3, -0.2)].enumerated() {
            let chord = try (features - texts.slice(0, from: index, length: 1).normalized()).norm(-1)
            let distance = try (chord / 2).arcsine().squared() * 2
            let signed = try distance * (weight < 0 ? -1 : 1)
            loss = try loss + signed.withGradient(to: signed.maximum(stop)).mean() * abs(weight)
        }
        try fixture.check(loss, "loss")
        try loss.backward()
        try fixture.check(try #require(try image.gradient()), "grad_image")
    }
}
