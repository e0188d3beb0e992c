import EngineKit
import Foundation
import Testing
import Torch

@testable import Core

/// Several CLIPs at once.
@Suite(.serialized, .leavesNothingAlive) final class EnsembleTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "ensemble-\(UUID().uuidString)")
    private static let builtIn = Fixtures.builtIn.path

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Fixtures.builtIn, to: folder.appending(path: "twin"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private var twins: String { "\(Self.builtIn) | \(folder.path)/twin:0.5" }

    private func session(_ clip: String) throws -> PaintingSession {
        var session = PaintingSession(device: .cpu, runs: folder.appending(path: "runs")) { _ in }
        let choice = ModelChoice(vqgan: Self.builtIn, clip: clip)
        _ = try session.load(choice, progress: { _ in }, isCancelled: { false })
        return session
    }

    private var request: RunRequest {
        var settings = RunSettings()
        settings.size = PictureSize(64, 64)
        settings.steps = 4
        settings.cuts = 4
        return RunRequest(
            prompts: [Prompt(.text("a red rose")), Prompt(.text("night"), weight: -0.3)],
            settings: settings
        )
    }

    /// Two CLIPs of one resolution and one of another, two prompts, more cutouts than a micro-batch.
    @Test func gradientIsTheWeightedSumOfEachCLIPsOwn() throws {
        let recipe = CutoutRecipe(RunSettings())
        let start = try Tensor.uniform([1, 3, 48, 40], seed: 3)
        func viewer(_ seed: UInt64, side: Int, weight: Double) throws -> Viewer {
            let matrix = try Tensor.normal([3 * side * side, 8], seed: seed)
            let embeddings = try Tensor.normal([2, 8], seed: seed + 1).normalized()
            let targets = [
                PromptTarget(embeddings: try embeddings.slice(0, from: 0, length: 1), weight: 1, stop: nil),
                PromptTarget(embeddings: try embeddings.slice(0, from: 1, length: 1), weight: -0.4, stop: nil),
            ]
            return Viewer(weight: weight, targets: targets) { (x) throws(TorchError) in
                try (x * x).reshaped([x.shape[0], 3 * side * side]).matmul(matrix)
            }
        }
        func pass(_ side: Int, _ viewers: [Viewer]) -> CutoutPass {
            let planner = CutoutPlanner(recipe: recipe, size: PictureSize(40, 48), resolution: side, noise: 0.1)
            let sampler = CutoutSampler(recipe: recipe, resolution: side)
            return CutoutPass(sampler: sampler, plans: planner.plans(seed: 1, step: 0, count: 6), viewers: viewers)
        }
        func result(_ passes: [CutoutPass], _ microBatch: Int) throws -> (gradient: Tensor, losses: [Double]) {
            let picture = try start.cloned().requiringGradient()
            var clock = PhaseClock()
            let result = try ImageGradient.compute(
                picture: picture,
                passes: passes,
                colorOrder: [0, 1, 2, 3],
                microBatch: microBatch,
                clock: &clock
            )
            try result.backward()
            return (try #require(try picture.gradient()), try result.losses.floats().map(Double.init))
        }
        let kinds: [(seed: UInt64, side: Int, weight: Double)] = [(10, 16, 1), (20, 16, 0.5), (30, 24, 0.7)]
        let joint = try [16, 24].map { side in
            let viewers = try kinds.filter { $0.side == side }.map {
                try viewer($0.seed, side: side, weight: $0.weight)
            }
            return pass(side, viewers)
        }
        var sum = try Tensor.zeros([1, 3, 48, 40])
        var losses = [0.0, 0.0]
        for kind in kinds {
            let alone = try result([pass(kind.side, [viewer(kind.seed, side: kind.side, weight: 1)])], 6)
            sum = try sum + alone.gradient * kind.weight
            for index in losses.indices { losses[index] += alone.losses[index] * kind.weight }
        }
        for microBatch in [6, 4, 1] {
            let together = try result(joint, microBatch)
            #expect(try relativeError(together.gradient, sum) < 1e-5)
            for (a, b) in zip(together.losses, losses) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test func aTwinAtHalfWeightAddsHalfTheLoss() throws {
        var single = try session(Self.builtIn)
        _ = try single.start(request)
        let alone = try single.makeStep()
        var double = try session(twins)
        #expect(double.model?.summary.hasSuffix("+ CLIP 64 px + twin CLIP 64 px × 0.5") == true)
        #expect(double.model?.hasSketchbook == true)
        #expect(double.model?.recommended.isEmpty == true)
        _ = try double.start(request)
        let both = try double.makeStep()
        #expect(both.losses.count == 2)
        for (a, b) in zip(both.losses, alone.losses) { #expect(abs(a - 1.5 * b) < 1e-5) }
    }

    @Test func aCheckpointContinuesBitForBit() throws {
        let picture = folder.appending(path: "picture.png").path
        var painter = try session(Self.builtIn)
        _ = try painter.start(request)
        _ = try painter.makeStep()
        _ = try painter.savePicture(path: picture)
        var request = request
        request.prompts.append(Prompt(.image(picture), weight: 0.5))
        var whole = try session(twins)
        _ = try whole.start(request)
        for _ in 0..<2 { _ = try whole.makeStep() }
        let saved = try whole.saveCheckpoint(path: nil)
        for _ in 0..<2 { _ = try whole.makeStep() }
        // Embeddings of the picture come from the checkpoint, for both CLIPs.
        try FileManager.default.removeItem(atPath: picture)
        var second = try session(Self.builtIn)
        _ = try second.restore(path: saved.path, progress: { _ in }, isCancelled: { false })
        for _ in 0..<2 { _ = try second.makeStep() }
        let expected = try #require(try whole.frame(isExact: true))
        #expect(try #require(try second.frame(isExact: true)).rgb == expected.rgb)
    }
}
