import EngineKit
import Testing

@testable import Core

@Suite("The cost of a step")
struct StepCostTests {
    /// taming's f=16 with 16384 codes, and OpenAI's ViT-B/32.
    private func cost(room: Double = .infinity, isExact: Bool = false) -> StepCost {
        StepCost(
            vqgan: VQGANConfiguration(
                embedDim: 256,
                nEmbed: 16384,
                ddconfig: VQGANConfiguration.Networks(
                    zChannels: 256,
                    ch: 128,
                    chMult: [1, 1, 2, 2, 4],
                    numResBlocks: 2,
                    attnResolutions: [16]
                )
            ),
            clips: [
                CLIPConfiguration(
                    embedDim: 512,
                    imageResolution: 224,
                    vision: CLIPConfiguration.Vision(
                        kind: .transformer,
                        widths: [768],
                        heads: 12,
                        layers: [12],
                        patchSize: 32
                    ),
                    contextLength: 77,
                    vocabSize: 49408,
                    transformerWidth: 512,
                    transformerHeads: 8,
                    transformerLayers: 12,
                    sotID: 49406,
                    eotID: 49407
                )
            ],
            isExact: isExact,
            baseBytes: 1e9,
            room: room
        )
    }

    private func settings(_ side: Int, cuts: Int = 32, microBatch: Int = 0) -> RunSettings {
        var settings = RunSettings()
        settings.size = PictureSize(side, side)
        settings.cuts = cuts
        settings.microBatch = microBatch
        return settings
    }

    /// What PyTorch's FlopCounterMode counts for scripts/bench/models.py.
    @Test(arguments: [(256, 252_715_204_608.0), (512, 1_017_303_269_376), (1024, 4_172_292_292_608)])
    func theDecodersOperationsArePyTorchs(side: Int, counted: Double) {
        #expect(abs(cost().work(of: settings(side)).decoding / counted - 1) < 1e-3)
    }

    @Test func theTowersOperationsArePyTorchs() {
        #expect(abs(cost().work(of: settings(256, cuts: 3)).looking / (3 * 8_817_623_040.0) - 1) < 1e-3)
    }

    @Test func memoryGrowsWithThePictureAndTheMicroBatchButNotWithTheCuts() {
        func peak(_ side: Int, cuts: Int = 32, microBatch: Int = 8, isExact: Bool = false) -> Double {
            cost(isExact: isExact).work(of: settings(side, cuts: cuts, microBatch: microBatch)).peakBytes
        }
        #expect(peak(512) > peak(256) && peak(1024) > peak(512))
        #expect(peak(256, microBatch: 16) > peak(256, microBatch: 8))
        #expect(peak(256, cuts: 64) == peak(256, cuts: 32))
        #expect(peak(512, isExact: true) > peak(512))
    }

    @Test func whatIsComputedAgainTakesLessMemoryAndMoreTime() throws {
        let (ample, tight) = (cost().work(of: settings(512)), cost(room: 0).work(of: settings(512)))
        #expect(tight.peakBytes < ample.peakBytes)
        #expect(ample.decodingAgain == 0 && tight.decodingAgain > 0.3 * tight.decoding)
        var phases = StepPhases()
        (phases.decode, phases.cutouts, phases.clip, phases.backward, phases.decoderBackward) = (2, 1, 1, 4, 2)
        let calibration = try #require(Calibration(ample, took: phases))
        #expect(calibration.seconds(of: tight) > calibration.seconds(of: ample))
    }

    @Test func sizesAreRoundedAsARunRoundsThem() {
        #expect(cost().work(of: settings(271)) == cost().work(of: settings(256)))
    }
}
