import EngineKit
import Foundation
import ModelFormats
import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct StepMemoryTests {
    /// taming's f=16 with 16384 codes, under a CLIP that takes little.
    private func memory() throws -> StepMemory {
        let networks = #"{"z_channels": 256, "ch": 128, "ch_mult": [1, 1, 2, 2, 4], "num_res_blocks": 2}"#
        let vqgan = #"{"embed_dim": 256, "n_embed": 16384, "ddconfig": \#(networks)}"#
        let clip = try Data(contentsOf: Fixtures.builtIn.appending(path: "clip.json"))
        return StepMemory(
            try JSONDecoder().decode(VQGANConfiguration.self, from: Data(vqgan.utf8)),
            [try JSONDecoder().decode(CLIPConfiguration.self, from: clip)]
        )
    }

    @Test func withRoomNothingIsComputedTwice() throws {
        #expect(try memory().plan(RunSettings(), room: .infinity) == StepPlan(microBatch: 16))
    }

    @Test func lessRoomIsNeverExceededWhereThereIsAWay() throws {
        let memory = try memory()
        var settings = RunSettings()
        settings.size = PictureSize(512, 512)
        let most = memory.bytes(settings.size, memory.plan(settings, room: .infinity))
        let least = memory.bytes(settings.size, memory.plan(settings, room: 0))
        #expect(least < 0.7 * most)
        var recomputed = 0
        for share in [0.9, 0.8, 0.7, 0.5, 0.2] {
            let room = least + share * (most - least)
            let plan = memory.plan(settings, room: room)
            #expect(memory.bytes(settings.size, plan) <= room)
            #expect(plan.recomputedLevels >= recomputed)
            recomputed = plan.recomputedLevels
        }
        #expect(recomputed > 0)
    }

    @Test func memoryGrowsByLessThanAThirdOfThePeers() throws {
        let memory = try memory()
        let plan = StepPlan(microBatch: 16)
        let (small, large) = (PictureSize(256, 256), PictureSize(1024, 1024))
        let slope = (memory.bytes(large, plan) - memory.bytes(small, plan)) / Double(1024 * 1024 - 256 * 256)
        #expect(slope < 8 * 1024)
    }

    @Test func aPlanGetsThriftierUntilNothingIsLeft() {
        var plan: StepPlan? = StepPlan(microBatch: 6)
        var seen: Set<StepPlan> = []
        while let now = plan {
            #expect(seen.insert(now).inserted)
            plan = now.thriftier
        }
        #expect(seen.contains { $0.microBatch == 1 })
    }

    @Test func tooLittleRoomIsRefusedInOneLine() throws {
        let options = ComputeOptions(memory: 64 << 20)
        var session = PaintingSession(device: .cpu, options: options, runs: FileManager.default.temporaryDirectory) {
            _ in
        }
        let choice = ModelChoice(vqgan: Fixtures.builtIn.path, clip: Fixtures.builtIn.path)
        _ = try session.load(choice, progress: { _ in }, isCancelled: { false })
        let failure = #expect(throws: EngineFailure.self) {
            try session.start(RunRequest(prompts: [Prompt(.text("a red rose"))], settings: RunSettings()))
        }
        #expect(failure?.kind == .memory)
        #expect(failure?.description.contains("left of the limit") == true)
    }

    /// The built-in decoder with fast layers, with libtorch's own, and with levels computed twice, for one gradient of
    /// the picture.
    @Test func theDecoderAgreesWithTheExactOne() throws {
        let folder = try ModelFolder(Fixtures.builtIn.path)
        let vqgan = try ModelLoader.loadVQGAN(ModelSource(.vqgan, in: folder), .cpu)
        let z = try vqgan.embed(codes: Tensor((0..<256).map { Int64($0 * 29 % 1024) }, shape: [1, 16, 16]))
        let cotangent = try Tensor.normal([1, 3, 128, 128], seed: 9)
        func result(isExact: Bool, recomputedLevels: Int = 0) throws -> (picture: Tensor, gradient: Tensor) {
            let previous = Runtime.setExact(isExact)
            defer { Runtime.setExact(previous) }
            let leaf = try z.detached().cloned().requiringGradient()
            let picture = try vqgan.decode(leaf, recomputedLevels: recomputedLevels)
            try picture.backward(cotangent)
            return (try picture.detached(), try #require(try leaf.gradient()))
        }
        let (fast, exact) = (try result(isExact: false), try result(isExact: true))
        #expect(try relativeError(fast.picture, exact.picture) < 1e-4)
        #expect(try relativeError(fast.gradient, exact.gradient) < 1e-4)
        #expect(try fast.picture.floats() != exact.picture.floats())
        let again = try result(isExact: false, recomputedLevels: 3)
        #expect(try again.picture.floats() == fast.picture.floats())
        #expect(try again.gradient.floats() == fast.gradient.floats())
    }
}
