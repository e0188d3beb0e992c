import EngineKit
import Foundation
import Synchronization
import Testing
import Torch

@testable import Core

/// Memory that runs out in the middle of a step.
@Suite(.serialized, .leavesNothingAlive) struct MemoryRetreatTests {
    /// A tower that has room for so many cutouts.
    private struct CrampedTower: ImageTower {
        let tower: any ImageTower
        let room: Int

        func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
            guard x.shape[0] <= room else { throw TorchError(.outOfMemory, operation: "tower", message: "injected") }
            return try tower(x)
        }

        func stages(_ x: Tensor) throws(TorchError) -> [Tensor] { try tower.stages(x) }

        func features(ofLastStage stage: Tensor) throws(TorchError) -> Tensor {
            try tower.features(ofLastStage: stage)
        }
    }

    private final class Notes: Sendable {
        let lines = Mutex<[String]>([])
    }

    private func session(_ notes: Notes, room: Int) throws -> PaintingSession {
        let folder = FileManager.default.temporaryDirectory.appending(path: "vqclip-tests-\(UUID().uuidString)")
        var session = PaintingSession(device: .cpu, runs: folder) { note in notes.lines.withLock { $0.append(note) } }
        let choice = ModelChoice(vqgan: Fixtures.builtIn.path, clip: Fixtures.builtIn.path)
        _ = try session.load(choice, progress: { _ in }, isCancelled: { false })
        let models = try #require(session.models)
        var clip = models.clip
        clip.image = CrampedTower(tower: clip.image, room: room)
        session.models = ModelPair(
            vqgan: models.vqgan,
            clips: CLIPEnsemble(CLIPEnsemble.Member(clip: clip, weight: 1)),
            sketches: nil,
            choice: models.choice,
            summary: models.summary,
            recommended: models.recommended,
            device: models.device,
            warnings: models.warnings
        )
        return session
    }

    private func start(_ session: inout PaintingSession, microBatch: Int) throws {
        var settings = RunSettings()
        settings.size = PictureSize(64, 64)
        settings.cuts = 8
        settings.microBatch = microBatch
        let folder = FileManager.default.temporaryDirectory.appending(path: "vqclip-tests-\(UUID().uuidString)").path
        let prompts = [Prompt(.text("a red rose"))]
        _ = try session.start(RunRequest(prompts: prompts, settings: settings, folder: folder))
    }

    @Test func aStepIsTriedAgainWithFewerCutoutsFromTheSameState() throws {
        let (notes, quiet) = (Notes(), Notes())
        var cramped = try session(notes, room: 2)
        var ample = try session(quiet, room: 8)
        try start(&cramped, microBatch: 8)
        try start(&ample, microBatch: 2)
        for _ in 0..<2 {
            let (a, b) = (try cramped.makeStep(), try ample.makeStep())
            #expect(a.step == b.step && a.losses == b.losses)
        }
        #expect(try cramped.frame(isExact: true) == ample.frame(isExact: true))
        #expect(
            notes.lines.withLock { $0 } == [
                "memory ran out: 2 cutouts at a time from here on, and parts computed twice"
            ]
        )
        #expect(quiet.lines.withLock { $0.isEmpty })
    }

    @Test func whereNothingSmallerIsLeftTheRunStaysAsItWas() throws {
        let notes = Notes()
        var cramped = try session(notes, room: 0)
        try start(&cramped, microBatch: 4)
        let before = try cramped.frame(isExact: true)
        let error = #expect(throws: TorchError.self) { try cramped.makeStep() }
        #expect(error?.code == .outOfMemory)
        #expect(try cramped.step == 0 && cramped.frame(isExact: true) == before)
    }
}
