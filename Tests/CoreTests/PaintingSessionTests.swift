import EngineKit
import Foundation
import Media
import Testing
import Torch

@testable import Core

/// The real session on the built-in pair, at sizes small enough to be quick.
@Suite(.serialized, .leavesNothingAlive) struct PaintingSessionTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "vqclip-tests-\(UUID().uuidString)")

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private let folder = Folder()

    private func session() throws -> PaintingSession {
        var session = PaintingSession(device: .cpu, runs: folder.url) { _ in }
        let choice = ModelChoice(vqgan: Fixtures.builtIn.path, clip: Fixtures.builtIn.path)
        _ = try session.load(choice, progress: { _ in }, isCancelled: { false })
        return session
    }

    private func request(_ change: (inout RunSettings) -> Void = { _ in }) -> RunRequest {
        var settings = RunSettings()
        settings.size = PictureSize(64, 64)
        settings.steps = 6
        settings.cuts = 6
        settings.seed = 7
        change(&settings)
        return RunRequest(prompts: [Prompt(.text("a red rose"))], settings: settings)
    }

    private func picture(after steps: Int, _ session: inout PaintingSession) throws -> [UInt8] {
        for _ in 0..<steps { _ = try session.makeStep() }
        return try #require(try session.frame(isExact: true)).rgb
    }

    @Test(arguments: ["codes", "noise", "smooth", "gradient", "sketch"])
    func sameSeedSameBits(start: String) throws {
        let start = try StartPicture(notation: start)
        var first = try session()
        _ = try first.start(request { $0.start = start })
        var second = try session()
        _ = try second.start(request { $0.start = start })
        #expect(try picture(after: 3, &first) == picture(after: 3, &second))
        var other = try session()
        _ = try other.start(
            request {
                $0.start = start
                $0.seed = 8
            }
        )
        #expect(try picture(after: 3, &other) != picture(after: 0, &first))
    }

    @Test func theLossFalls() throws {
        var session = try session()
        _ = try session.start(
            request {
                $0.cutMethod = .overview
                $0.steps = 25
                $0.start = .smooth
            }
        )
        let losses = try (0..<25).map { _ in try session.makeStep().loss }
        let first: Double = losses.prefix(5).reduce(0, +)
        let last: Double = losses.suffix(5).reduce(0, +)
        #expect(last < first * 0.9)
    }

    @Test func fiveMicroBatchesGiveTheGradientOfOne() throws {
        let choice = ModelChoice(vqgan: Fixtures.builtIn.path, clip: Fixtures.builtIn.path)
        let models = try ModelLoader.load(choice, device: .cpu, progress: { _ in }, isCancelled: { false })
        for method in CutMethod.allCases {
            var settings = RunSettings()
            settings.size = PictureSize(128, 96)
            settings.cutMethod = method
            let recipe = CutoutRecipe(settings)
            let planner = CutoutPlanner(recipe: recipe, size: settings.size, resolution: 64, noise: 0.1)
            let plans = planner.plans(seed: 1, step: 2, count: 10)
            let text = try models.clip.textFeatures(of: ["a castle", "night"]).features.normalized()
            let targets = [
                PromptTarget(embeddings: try text.slice(0, from: 0, length: 1), weight: 1, stop: nil),
                PromptTarget(embeddings: try text.slice(0, from: 1, length: 1), weight: -0.4, stop: -0.6),
            ]
            let start = try Tensor.normal([1, models.vqgan.codebook.shape[1], 12, 16], seed: 5)
            func gradient(_ microBatch: Int) throws -> (Tensor, [Double]) {
                let z = try start.cloned().requiringGradient()
                let viewer = Viewer(weight: 1, targets: targets) { (x) throws(TorchError) in
                    try models.clip.imageFeatures(x)
                }
                let sampler = CutoutSampler(recipe: recipe, resolution: 64)
                var clock = PhaseClock()
                let result = try ImageGradient.compute(
                    picture: models.vqgan.picture(z),
                    passes: [CutoutPass(sampler: sampler, plans: plans, viewers: [viewer])],
                    colorOrder: [0, 1, 2, 3],
                    microBatch: microBatch,
                    clock: &clock
                )
                try result.backward()
                return (try #require(try z.gradient()), try result.losses.floats().map(Double.init))
            }
            let (whole, wholeLosses) = try gradient(10)
            let (split, splitLosses) = try gradient(2)
            let error = try relativeError(split, whole)
            print("\(method.rawValue): 1 and 5 micro-batches differ by \(error)")
            #expect(error < 1e-5)
            for (a, b) in zip(wholeLosses, splitLosses) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test(arguments: OptimizerKind.allCases) func aCheckpointContinuesBitForBit(kind: OptimizerKind) throws {
        let request = request {
            $0.optimizer = kind
            $0.averageDecay = 0.9
            $0.rateSchedule = .cooling
        }
        var whole = try session()
        _ = try whole.start(request)
        let expected = try picture(after: 6, &whole)
        var first = try session()
        _ = try first.start(request)
        _ = try picture(after: 3, &first)
        let saved = try first.saveCheckpoint(path: nil)
        var second = try session()
        let description = try second.restore(path: saved.path, progress: { _ in }, isCancelled: { false })
        #expect(description.step == 3)
        #expect(description.prompts == request.prompts)
        #expect(try picture(after: 3, &second) == expected)
    }

    @Test func goingBackInARunKeepsWhatItHadReached() throws {
        var session = try session()
        _ = try session.start(request())
        _ = try session.makeStep()
        let early = try session.saveCheckpoint(path: nil)
        _ = try session.makeStep()
        // Leaves the run, which keeps its second step, and takes another second and third step in the same folder.
        let run = try session.restore(path: early.path, progress: { _ in }, isCancelled: { false })
        for _ in 0..<2 { _ = try session.makeStep() }
        session.finish()
        #expect(try RunCheckpoint(path: "\(run.folder)/autosave.checkpoint").step == 2)
        #expect(try RunCheckpoint(path: "\(run.folder)/autosave-2.checkpoint").step == 3)
    }

    @Test func livePromptEditsTakeEffect() throws {
        var session = try session()
        _ = try session.start(request())
        let before = try session.makeStep()
        let note = try session.setPrompts([
            Prompt(.text("a blue sea"), weight: 0.5), Prompt(.text("night"), isMuted: true),
        ])
        #expect(note.contains("added"))
        let after = try session.makeStep()
        #expect(after.losses.count == 2)
        #expect(after.losses[1] == 0)
        #expect(after.losses[0] < before.losses[0])
        #expect(throws: EngineFailure.self) { try session.setPrompts([]) }
        #expect(try session.makeStep().losses.count == 2)
    }

    @Test func settingsThatNeedANewRunAreRefused() throws {
        var session = try session()
        let request = request()
        _ = try session.start(request)
        var settings = request.settings
        settings.cuts = 4
        settings.cutMethod = .updated
        #expect(try session.setSettings(settings).contains("cuts 4"))
        settings.seed = 9
        let failure = try #require(throws: EngineFailure.self) { try session.setSettings(settings) }
        #expect(failure.summary.contains("seed"))
    }

    @Test func imagePromptsWork() throws {
        var session = try session()
        _ = try session.start(request())
        let saved = try session.savePicture(path: folder.url.appending(path: "target.png").path)
        var request = request()
        request.prompts = [Prompt(.image(saved.path)), Prompt(.text("night"), weight: 0.3)]
        _ = try session.start(request)
        #expect(try session.makeStep().losses.allSatisfy { $0 > 0 })
        request.prompts = [Prompt(.image("/nowhere/at/all.png"))]
        #expect(throws: (any Error).self) { try session.start(request) }
    }

    @Test func picturesCarryHowTheyWereMade() throws {
        var session = try session()
        _ = try session.start(request())
        _ = try session.makeStep()
        let saved = try session.savePicture(path: nil)
        let text = try PNGReader.text(saved.path)
        #expect(text["prompt"] == "a red rose")
        #expect(text["seed"] == "7")
        #expect(text["settings"]?.contains("cuts=6") == true)
        #expect(text["model"]?.contains("vqgan=") == true)
        let again = try session.savePicture(path: nil)
        #expect(again.path != saved.path)
    }

    @Test func impossibleSizesAreRefusedWithWhatTheyWouldTake() throws {
        var session = try session()
        let tiny = request { $0.size = PictureSize(7, 64) }
        #expect(try #require(throws: EngineFailure.self) { try session.start(tiny) }.summary.contains("latent cell"))
        let huge = request { $0.size = PictureSize(100_000, 100_000) }
        let failure = try #require(throws: EngineFailure.self) { try session.start(huge) }
        #expect(failure.kind == .memory)
        #expect(failure.summary.contains("TiB"))
        let odd = request { $0.size = PictureSize(70, 65) }
        let description = try session.start(odd)
        #expect(description.settings.size == PictureSize(64, 64))
        #expect(description.notes.contains { $0.contains("rounded down") })
    }

    @Test func damagedCheckpointsAreRefused() throws {
        var session = try session()
        _ = try session.start(request())
        let saved = try session.saveCheckpoint(path: nil)
        let bytes = try Data(contentsOf: URL(filePath: saved.path))
        let path = folder.url.appending(path: "damaged.checkpoint")
        for length in [0, 7, 100, bytes.count / 2, bytes.count - 1] {
            try bytes.prefix(length).write(to: path)
            #expect(throws: (any Error).self) {
                try session.restore(path: path.path, progress: { _ in }, isCancelled: { false })
            }
        }
        #expect(throws: (any Error).self) {
            try session.restore(
                path: Fixtures.builtIn.appending(path: "clip.safetensors").path,
                progress: { _ in },
                isCancelled: { false }
            )
        }
        #expect(session.step == 0)
        _ = try session.makeStep()
    }

    @Test func nothingLeaks() throws {
        let before = Tensor.liveCount
        do {
            var session = try session()
            _ = try session.start(request())
            _ = try picture(after: 2, &session)
            let during = Tensor.liveCount
            _ = try session.makeStep()
            _ = try session.makeStep()
            #expect(Tensor.liveCount == during)
        }
        #expect(Tensor.liveCount == before)
    }
}
