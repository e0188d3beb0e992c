import Foundation
import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct VQGANTests {
    private static func weights(changing change: (inout [String: Tensor]) throws -> Void = { _ in }) throws -> Weights {
        var tensors = try Fixtures.model("vqgan.ckpt")
        try change(&tensors)
        return Weights(MemoryStateDict(tensors, path: "small.ckpt"))
    }

    private static func vqgan(_ w: Weights) throws -> VQGAN {
        let model = try VQGAN(w, configuration: VQGANConfiguration(inferredFrom: w))
        try w.finish()
        return model
    }

    @Test func configurationIsReadOffTheTensors() throws {
        let configuration = try VQGANConfiguration(inferredFrom: Self.weights())
        #expect(configuration.nEmbed == 64)
        #expect(configuration.embedDim == 32)
        #expect(configuration.ddconfig.chMult == [1, 2, 2])
        #expect(configuration.ddconfig.numResBlocks == 1)
        #expect(configuration.ddconfig.attnResolutions == [64])
        #expect(configuration.cellSize == 4)
    }

    @Test func vectorsOfTheCodebookComeBackBitForBit() throws {
        let vqgan = try Self.vqgan(Self.weights())
        let codes = try Tensor((0..<64).map { Int64(($0 * 37) % 64) }, shape: [2, 4, 8])
        let z = try vqgan.embed(codes: codes)
        #expect(try vqgan.nearestCodes(z).integers() == codes.integers())
        #expect(try vqgan.quantize(z).floats() == z.floats())
    }

    @Test func nearestCodesAreThoseOfTheLeastDistance() throws {
        let vqgan = try Self.vqgan(Self.weights())
        let z = try Tensor.normal([1, 32, 5, 3], seed: 4)
        let cells = try z.permuted(0, 2, 3, 1).reshaped([15, 1, 32])
        let distances = try (cells - vqgan.codebook.reshaped([1, 64, 32])).squared().sum(2)
        #expect(try vqgan.nearestCodes(z).integers() == distances.argmin(1).integers())
    }

    @Test func quantizingPassesGradientsThrough() throws {
        let vqgan = try Self.vqgan(Self.weights())
        let z = try Tensor.normal([1, 32, 4, 4], seed: 1).requiringGradient()
        let cotangent = try Tensor.normal([1, 32, 4, 4], seed: 2)
        try (vqgan.quantize(z) * cotangent).sum().backward()
        #expect(try #require(try z.gradient()).floats() == cotangent.floats())
    }

    @Test func latentOfAnotherWidthIsRefused() throws {
        let vqgan = try Self.vqgan(Self.weights())
        #expect(throws: TorchError.self) { try vqgan.nearestCodes(Tensor.zeros([1, 31, 4, 4])) }
    }

    @Test func missingKeyIsNamedWithTheNearest() throws {
        let key = "decoder.up.1.block.0.conv1.bias"
        let w = try Self.weights { $0[key] = nil }
        let error = #expect(throws: WeightsError.self) { try Self.vqgan(w) }
        let description = error?.description ?? ""
        #expect(description.contains("small.ckpt has no tensor \(key)"))
        #expect(description.contains("the nearest key is decoder.up."))
    }

    @Test func unusedKeysAreNamed() throws {
        let w = try Self.weights { $0["decoder.up.0.extra.weight"] = try Tensor.zeros([1]) }
        let error = #expect(throws: WeightsError.self) { try Self.vqgan(w) }
        #expect(error?.description.contains("decoder.up.0.extra.weight") == true)
    }

    @Test func wrongShapeIsNamed() throws {
        let w = try Self.weights { $0["post_quant_conv.bias"] = try Tensor.zeros([31]) }
        let error = #expect(throws: WeightsError.self) { try Self.vqgan(w) }
        #expect(error?.description == "post_quant_conv.bias has the shape [31], not [32]")
    }

    @Test func groupsThatDoNotDivideTheChannelsAreRefused() throws {
        let w = try Self.weights()
        var configuration = try VQGANConfiguration(inferredFrom: w)
        configuration.ddconfig.normGroups = .fixed(24)
        let error = #expect(throws: WeightsError.self) { try VQGAN(w, configuration: configuration) }
        #expect(error?.description.contains("24 normalisation groups") == true)
    }

    @Test func configurationSurvivesJSON() throws {
        let data = try Data(contentsOf: Fixtures.builtIn.appending(path: "vqgan.json"))
        let configuration = try JSONDecoder().decode(VQGANConfiguration.self, from: data)
        #expect(configuration.ddconfig.normGroups == .atMost(16, channelsPerGroup: 4))
        #expect(configuration.ddconfig.patchSize == 2)
        let again = try JSONDecoder().decode(VQGANConfiguration.self, from: JSONEncoder().encode(configuration))
        #expect(again == configuration)
    }

    @Test(arguments: [
        #"{"embed_dim": 8, "n_embed": 8, "ddconfig": {"z_channels": 8, "ch": 32, "ch_mult": [], "num_res_blocks": 1}}"#,
        #"{"embed_dim": 8, "n_embed": 8, "ddconfig": {"z_channels": 8, "ch": -1, "ch_mult": [1], "num_res_blocks": 1}}"#,
        #"{"embed_dim": 8, "n_embed": 8}"#,
    ])
    func impossibleConfigurationsAreRefused(json: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(VQGANConfiguration.self, from: Data(json.utf8))
        }
    }

    @Test func nothingIsLeftAlive() throws {
        let before = Tensor.liveCount
        do {
            let vqgan = try Self.vqgan(Self.weights())
            let z = try Tensor.normal([1, 32, 4, 4], seed: 1).requiringGradient()
            try vqgan.picture(z).sum().backward()
            #expect(Tensor.liveCount > before)
        }
        #expect(Tensor.liveCount == before)
    }
}
