import EngineKit
import Foundation
import Synchronization
import Testing
import Torch

@testable import Core

/// What a GPU does, as far as a CPU can do it too: CLIPs in half precision, figures that are read now and then, going
/// back to a good state.
@Suite(.serialized, .leavesNothingAlive) struct HalfPrecisionTests {
    private static let choice = ModelChoice(vqgan: Fixtures.builtIn.path, clip: Fixtures.builtIn.path)

    private func pair(_ precision: ScalarType) throws -> ModelPair {
        try ModelLoader.load(
            Self.choice,
            device: .cpu,
            precision: precision,
            progress: { _ in },
            isCancelled: { false }
        )
    }

    private func run(_ models: ModelPair, readingInterval: Int = 1, steps: Int = 20) throws -> PaintingRun {
        var settings = RunSettings()
        settings.size = PictureSize(64, 64)
        settings.cuts = 4
        settings.steps = steps
        let prompts = [Prompt(.text("a red rose"))]
        var embedder = PromptEmbedder()
        return try PaintingRun(
            prompts: prompts,
            settings: settings,
            folder: "",
            z: models.vqgan.embed(codes: Tensor([Int64](repeating: 3, count: 64), shape: [1, 8, 8])),
            optimizer: LatentOptimizer(.adam),
            embedder: embedder,
            targets: embedder.targets(for: prompts, clips: models.clips, settings: settings, device: .cpu),
            plan: StepPlan(microBatch: 4),
            readingInterval: readingInterval
        )
    }

    private func poison(_ z: Tensor) throws {
        try z.assign(Tensor.full(.nan, shape: z.shape))
    }

    @Test func halfTowersAgreeWithWholeOnes() throws {
        let (whole, half) = (try pair(.float32).clip, try pair(.float16).clip)
        let side = whole.resolution
        func result(_ clip: CLIP) throws -> (features: Tensor, gradient: Tensor) {
            let picture = try Tensor.uniform([2, 3, side, side], seed: 3).requiringGradient()
            let features = try clip.imageFeatures(picture).normalized()
            try features.slice(1, from: 0, length: 8).sum().backward()
            return (try features.detached(), try #require(try picture.gradient()))
        }
        let (a, b) = (try result(whole), try result(half))
        #expect(b.features.type == .float32)
        let (value, gradient) = (try relativeError(b.features, a.features), try relativeError(b.gradient, a.gradient))
        #expect(value > 0 && value < 5e-3, "not half precision, or too far off: \(value)")
        #expect(gradient < 5e-2, "\(gradient)")
    }

    @Test func normalisationsStayWhole() throws {
        let tensors = ["n.weight": try Tensor.full(1, shape: [4]), "n.bias": try Tensor.zeros([4])]
        let w = Weights(MemoryStateDict(tensors)).converted(to: .float16)
        let norm = try LayerNorm(w / "n", width: 4)
        #expect(norm.weight.type == .float32)
        let x = try Tensor([Float]([1, 2, 3, 60_000]), shape: [1, 4]).converted(to: .float16)
        let y = try norm(x)
        #expect(y.type == .float16)
        #expect(abs(try y.floats()[3] - 1.732) < 2e-3)
    }

    @Test func figuresReadNowAndThenChangeNothing() throws {
        let models = try pair(.float32)
        var (often, seldom) = (try run(models), try run(models, readingInterval: 4))
        var losses: [[Double]] = [[], []]
        for _ in 0..<6 {
            losses[0].append(try often.makeStep(models).values[0])
            losses[1].append(try seldom.makeStep(models).values[0])
        }
        #expect(try often.z.floats() == seldom.z.floats())
        // Steps 1 and 4 are looked at; the others repeat what was seen last.
        let first = losses[0]
        #expect(losses[1] == [first[0], first[0], first[0], first[3], first[3], first[3]])
    }

    @Test func aBadStepIsSeenBeforeItMovesAnything() throws {
        let models = try pair(.float32)
        var run = try run(models)
        _ = try run.makeStep(models)
        try poison(run.z)
        let error = #expect(throws: EngineFailure.self) { try run.makeStep(models) }
        #expect(error?.kind == .numerics)
        #expect(run.step == 1)
    }

    @Test func aRunGoesBackToItsLastGoodState() throws {
        let models = try pair(.float32)
        var (run, undisturbed) = (try run(models, readingInterval: 3), try run(models, readingInterval: 3))
        for _ in 0..<4 { _ = try run.makeStep(models) }
        // The look before the third step was the last one.
        for _ in 0..<2 { _ = try undisturbed.makeStep(models) }
        try poison(run.z)
        _ = try run.makeStep(models)
        let error = #expect(throws: EngineFailure.self) { try run.makeStep(models) }
        #expect(error?.kind == .numerics)
        #expect(run.step == 2)
        #expect(try run.z.floats() == undisturbed.z.floats())
        _ = try run.makeStep(models)
        _ = try undisturbed.makeStep(models)
        #expect(try run.z.floats() == undisturbed.z.floats(), "the optimiser goes back too")
    }

    @Test func whatOverflowsInHalfPrecisionGoesOnInFloat32() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vqclip-tests-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let notes = Notes()
        var session = PaintingSession(device: .cpu, runs: folder, precision: .float16) { notes.add($0) }
        _ = try session.load(Self.choice, progress: { _ in }, isCancelled: { false })
        let models = try #require(session.models)
        session.models = try overflowing(models)
        var settings = RunSettings()
        settings.size = PictureSize(64, 64)
        settings.cuts = 2
        _ = try session.start(RunRequest(prompts: [Prompt(.text("a red rose"))], settings: settings))
        let report = try session.makeStep()
        #expect(report.step == 1 && report.loss.isFinite)
        #expect(session.models?.isHalf == false)
        #expect(notes.lines.contains { $0.contains("from step 1 on the CLIPs compute in float32") }, "\(notes.lines)")
    }

    /// The same pair with features that float16 cannot hold.
    private func overflowing(_ models: ModelPair) throws -> ModelPair {
        let file = try FileStateDict(path: Fixtures.builtIn.appending(path: "clip.safetensors").path)
        var tensors: [String: Tensor] = [:]
        for key in file.keys {
            let tensor = try file.tensor(key).converted(to: .float32)
            tensors[key] = key.hasPrefix("visual.attnpool.c_proj.") ? try tensor * 1e7 : tensor
        }
        let clip = try CLIP(
            Weights(MemoryStateDict(tensors)),
            configuration: models.clip.configuration,
            tokenizer: models.clip.tokenizer,
            precision: .float16
        )
        return ModelPair(
            vqgan: models.vqgan,
            clips: CLIPEnsemble(CLIPEnsemble.Member(clip: clip, weight: 1)),
            sketches: nil,
            choice: models.choice,
            summary: models.summary,
            recommended: models.recommended,
            device: models.device,
            warnings: models.warnings
        )
    }

    @Test func aDownloadBringsTheElements() throws {
        let tensor = try Tensor([Float]([1, 2, 3, 4, 5, 6]), shape: [2, 3]).transposed(0, 1)
        let download = try Download(tensor)
        #expect(download.isDone)
        let bytes = try download.bytes()
        #expect(bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } == [1, 4, 2, 5, 3, 6])
        #expect(throws: TorchError.self) { try download.bytes() }
        _ = try Download(tensor)
    }
}

/// Collects a session's notes.
private final class Notes: Sendable {
    private let content = Mutex<[String]>([])

    var lines: [String] { content.withLock { $0 } }

    func add(_ line: String) { content.withLock { $0.append(line) } }
}
