import EngineKit
import Foundation
import Testing
import Tokenizers
import Torch

@testable import Core

/// The built-in pair against what PyTorch computed with the same weights.
@Suite(.serialized, .leavesNothingAlive) struct ModelsBuiltInParityTests {
    private let expected: FileStateDict
    private let pair: ModelPair

    init() throws {
        expected = try Fixtures.open("built-in-expected.safetensors")
        let path = Fixtures.builtIn.path
        pair = try ModelLoader.load(
            ModelChoice(vqgan: path, clip: path),
            device: .cpu,
            progress: { _ in },
            isCancelled: { false }
        )
    }

    private func check(_ ours: Tensor, _ name: String) throws {
        let error = try relativeError(ours, expected.tensor(name))
        #expect(error <= 1e-4)
    }

    @Test func picturesAreEncodedAlike() throws {
        try check(try pair.vqgan.encode(expected.tensor("image")), "encoded")
    }

    @Test func codesAreDecodedAlike() throws {
        let codes = try expected.tensor("indices")
        try check(try pair.vqgan.decode(pair.vqgan.embed(codes: codes)), "decoded")
    }

    @Test func picturesHaveTheSameFeatures() throws {
        try check(try pair.clip.imageFeatures(expected.tensor("clip_image")), "image_features")
    }

    @Test func textsHaveTheSameTokensAndFeatures() throws {
        let texts = try JSONDecoder().decode([String].self, from: Data((expected.metadata["texts"] ?? "").utf8))
        let tokens = try expected.tensor("tokens")
        #expect(try texts.flatMap { pair.clip.tokenizer.window($0).ids } == tokens.integers())
        try check(try pair.clip.textFeatures(tokens.converted(to: .int64)), "text_features")
        let (features, truncated) = try pair.clip.textFeatures(of: texts)
        try check(features, "text_features")
        #expect(truncated == [false, false, false, false])
    }
}
