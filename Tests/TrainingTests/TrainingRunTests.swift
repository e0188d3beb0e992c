import Core
import EngineKit
import Foundation
import Testing
import Torch

@testable import Training

/// Whole runs on tiny models.
@Suite(.serialized) final class TrainingRunTests {
    private let fixture: TrainingFixture

    init() throws { fixture = try TrainingFixture() }

    private func bytes(_ name: String, in folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: name))
    }

    @Test func vqganLearnsEightPictures() throws {
        // No colour that most pixels have: answering with it alone would be a good start for the absolute difference.
        for index in 0..<8 { try fixture.write(TrainingFixture.waves(index), "waves \(index).png") }
        let before = Tensor.liveCount
        do {
            let events = try fixture.train(fixture.options(.vqgan, steps: 400))
            let ratio = try #require(events.measure("PSNR"))
            #expect(ratio > 15, "a picture in one colour has at most 12")
            #expect(try #require(events.measure("codes")) > 8)
            #expect(try #require(events.losses.last) < #require(events.losses.first) / 2)
        }
        #expect(Tensor.liveCount == before)
        let vqgan = try PretrainedVQGAN(named: fixture.output.path)
        #expect(try vqgan.build(device: .cpu).cellSize == 4)
        let card = String(decoding: try bytes("README.md", in: fixture.output), as: UTF8.self)
        #expect(card.contains("400 steps of 8 pictures") && card.contains("| PSNR |"))
    }

    @Test func clipLearnsSixteenPairs() throws {
        try fixture.writePictures(16)
        let events = try fixture.train(fixture.options(.clip, steps: 120))
        #expect(events.measure("R@1") == 1)
        let evaluation = try #require(events.evaluations.last)
        #expect(evaluation.captions.count == 6 && evaluation.picture != nil)
        // The normalisation is folded away, and the model finds the same pictures.
        let source = try PretrainedCLIP(named: fixture.output.path)
        #expect(!source.source.keys.contains { $0.contains("_bn") })
        let clip = try source.build(device: .cpu)
        let set = try fixture.set(side: 32)
        let found = try withoutGradient {
            let images = try clip.imageFeatures(set.whole(Array(0..<16), device: .cpu)).normalized()
            let captions = (0..<16).map { set.pictures.index.files[$0].captions[0] }
            let texts = try clip.textFeatures(clip.tokens(of: captions)).normalized()
            return Retrieval(try texts.matmul(images.transposed(0, 1)).floats(), captions: captions).recall(1)
        }
        #expect(found == 1)
    }

    /// Every stage of a VQGAN's training in a few steps.
    private func vqganOptions(steps: Int) throws -> TrainingOptions {
        var options = try fixture.options(.vqgan, steps: steps)
        (options.perceptual, options.adversaryFrom, options.batch) = ("built-in", 0.4, 4)
        return options
    }

    /// Every stage of a CLIP's training in a few steps.
    private func clipOptions(steps: Int) throws -> TrainingOptions {
        var options = try fixture.options(.clip, steps: steps)
        (options.attackFrom, options.attackSteps, options.chains, options.chainLife) = (0.3, 2, 6, 3)
        options.batch = 8
        return options
    }

    @Test(arguments: TrainingKind.allCases) func aRunThatIsContinuedEndsTheSame(kind: TrainingKind) throws {
        try fixture.writePictures(8)
        let options = try kind == .vqgan ? vqganOptions(steps: 10) : clipOptions(steps: 10)
        let straight = fixture.root.appending(path: "straight")
        let losses = try fixture.train(options, to: straight).losses
        var continued: [Double] = []
        for last in [3, 6, Int.max] { continued += try fixture.train(options, stopAfter: last).losses }
        #expect(continued == losses)
        let name = "\(kind.rawValue).safetensors"
        #expect(try bytes(name, in: straight) == bytes(name, in: fixture.output))
        #expect(losses.count == 10 && losses.allSatisfy(\.isFinite))
    }

    @Test(arguments: TrainingKind.allCases) func partsOfABatchAddUp(kind: TrainingKind) throws {
        try fixture.writePictures(8)
        var options = try fixture.options(kind, steps: 3)
        options.batch = 8
        // Batch normalisation would see another batch; the built-in pair has none.
        if kind == .clip { (options.initial, options.size) = ("built-in", 64) }
        let whole = try fixture.train(options, to: fixture.root.appending(path: "whole")).losses
        let parts = try fixture.train(options, to: fixture.root.appending(path: "parts")) { set in
            let trainer = try self.trainer(options, set)
            trainer.parts = 4
            return trainer
        }.losses
        for (a, b) in zip(whole, parts) { #expect(abs(a - b) < 1e-3 * max(1, abs(a)), "\(whole) \(parts)") }
    }

    private func trainer(_ options: TrainingOptions, _ set: TrainingSet) throws -> any Trainer {
        let folder = fixture.root.appending(path: "parts")
        let source = try TrainingSource(options, resumed: nil, captions: set.captions, folder: folder)
        if options.kind == .vqgan {
            return try VQGANTrainer(
                options,
                from: source.vqgan(),
                isNew: source.isNew,
                set: set,
                device: .cpu,
                note: { _ in }
            )
        }
        return try CLIPTrainer(
            options,
            from: source.clip(),
            isNew: source.isNew,
            words: CaptionWords(source.words),
            set: set,
            device: .cpu,
            note: { _ in }
        )
    }

    @Test func theDecoderAloneLeavesTheRestAsItIs() throws {
        try fixture.writePictures(8)
        var options = try fixture.options(.vqgan, steps: 2)
        (options.initial, options.decoderOnly, options.size, options.batch) = ("built-in", true, 64, 2)
        try fixture.train(options)
        let (before, after) = (
            try PretrainedVQGAN(named: "built-in").source, try PretrainedVQGAN(named: fixture.output.path).source
        )
        #expect(before.keys == after.keys)
        func isSame(_ key: String) throws -> Bool { try before.tensor(key).floats() == after.tensor(key).floats() }
        #expect(
            try isSame("encoder.conv_in.weight") && isSame("quantize.embedding.weight") && isSame("quant_conv.weight")
        )
        #expect(try !isSame("decoder.conv_out.weight"))
    }

    @Test func aModelIsTrainedFurther() throws {
        try fixture.writePictures(8)
        var options = try fixture.options(.clip, steps: 2)
        (options.initial, options.size, options.batch, options.rate) = ("built-in", 64, 8, 1e-4)
        let steps = try fixture.train(options).compactMap { if case .step(let report) = $0 { report } else { nil } }
        let scale = steps.first?.losses.first { $0.name == "scale" }?.value
        #expect(try #require(scale) > 20, "the file's own, where a new model has 14")
        #expect(try PretrainedCLIP(named: fixture.output.path).build(device: .cpu).resolution == 64)
        options = try fixture.options(.vqgan, steps: 2)
        (options.initial, options.size, options.batch, options.rate) = ("built-in", 64, 2, 1e-5)
        let events = try fixture.train(options, to: fixture.root.appending(path: "vqgan"))
        #expect(try #require(events.measure("PSNR")) > 15, "it begins where the built-in one is")
    }

    @Test func otherOptionsAreAnotherRun() throws {
        try fixture.writePictures(4)
        var options = try fixture.options(.vqgan, steps: 2)
        options.batch = 2
        try fixture.train(options)
        options.batch = 4
        let failure = #expect(throws: EngineFailure.self) { try self.fixture.train(options) }
        #expect(failure?.summary.contains("another value of 'batch'") == true)
        #expect(try TrainingRun.options(in: fixture.output).batch == 2)
        // More steps go on.
        options.batch = 2
        options.steps = 4
        #expect(try fixture.train(options).losses.count == 2)
        #expect(throws: EngineFailure.self) { try TrainingRun.options(in: self.fixture.data) }
    }

    @Test func changedPicturesAreNoted() throws {
        try fixture.writePictures(4)
        try fixture.train(fixture.options(.vqgan, steps: 3), stopAfter: 1)
        try fixture.writePictures(5)
        let events = try fixture.train(fixture.options(.vqgan, steps: 3))
        #expect(events.notes.contains { $0.hasPrefix("the pictures have changed") })
        #expect(events.data?.training == 5)
    }

    // MARK: What goes wrong on the way

    /// One number that a step raises, with failures on demand.
    private final class FakeTrainer: Trainer {
        let summary = "a number"
        var parts = 1
        let mostParts = 8
        private let number: Tensor
        private var steps = 0
        let onStep: (StepContext, Int) throws -> Void

        init(onStep: @escaping (StepContext, Int) throws -> Void) throws {
            number = try Tensor.zeros([1])
            self.onStep = onStep
        }

        func step(_ context: StepContext) throws -> StepOutcome {
            let value = try retryingWithLessMemory(note: { _ in }) { parts in
                try onStep(context, parts)
                return try number.item() + context.rateScale
            }
            try number.assign(Tensor([Float(value)], shape: [1]))
            steps += 1
            return StepOutcome(losses: [("total", value)], rate: context.rateScale)
        }

        func measure() throws -> Training.Measurement {
            Training.Measurement(measures: [("number", try number.item())], picture: nil, captions: [])
        }
        func state() throws -> [String: Tensor] { ["number": number] }
        var counters: [String: Int] { ["steps": steps] }
        func restore(_ state: [String: Tensor], counters: [String: Int]) throws {
            try number.assign(#require(state["number"]))
            steps = counters["steps"] ?? 0
        }
        func discardGradients() throws {}
        func files() throws -> [ModelFile] { [ModelFile(name: "number", bytes: [UInt8(try number.item() * 4)])] }
    }

    @Test func lossesThatAreNotFiniteRewind() throws {
        try fixture.writePictures(4)
        var failures = 0
        var intervals = TrainingRun.Intervals()
        intervals.checkpoint = 0
        let events = try fixture.train(fixture.options(.vqgan, steps: 6), intervals: intervals) { _ in
            try FakeTrainer { context, _ in
                if context.step == 3, context.rateScale > 0.3 {
                    failures += 1
                    throw TrainingError.notFinite
                }
            }
        }
        #expect(failures == 2)
        #expect(events.notes.filter { $0.contains("not finite: back to step 3") }.count == 2)
        #expect(events.losses == [1, 2, 3, 3.25, 3.5, 3.75])
    }

    @Test func lossesThatNeverBecomeFiniteEndTheRun() throws {
        try fixture.writePictures(4)
        let failure = #expect(throws: EngineFailure.self) {
            try self.fixture.train(self.fixture.options(.vqgan, steps: 6)) { _ in
                try FakeTrainer { _, _ in throw TrainingError.notFinite }
            }
        }
        #expect(failure?.kind == .numerics && failure?.hint?.contains("--rate") == true)
    }

    @Test func withLittleMemoryTheBatchIsSplit() throws {
        try fixture.writePictures(4)
        var tried: [Int] = []
        let events = try fixture.train(fixture.options(.vqgan, steps: 2)) { _ in
            try FakeTrainer { _, parts in
                tried.append(parts)
                if parts < 4 { throw TorchError(.outOfMemory, operation: "conv2d", message: "no memory") }
            }
        }
        #expect(tried == [1, 2, 4, 4])
        #expect(events.losses == [1, 2])
        let failure = #expect(throws: TorchError.self) {
            try self.fixture.train(self.fixture.options(.vqgan, steps: 2), to: self.fixture.root.appending(path: "b")) {
                _ in
                try FakeTrainer { _, _ in throw TorchError(.outOfMemory, operation: "conv2d", message: "no memory") }
            }
        }
        #expect(failure?.code == .outOfMemory)
    }

    @Test func aCheckpointThatCannotBeWrittenEndsNothing() throws {
        try fixture.writePictures(4)
        var intervals = TrainingRun.Intervals()
        intervals.checkpoint = 0
        let (output, aside) = (fixture.output, fixture.root.appending(path: "aside"))
        let events = try fixture.train(fixture.options(.vqgan, steps: 5), intervals: intervals) { _ in
            try FakeTrainer { context, _ in
                // The folder is gone for a while, with a file in its place.
                if context.step == 2 {
                    try FileManager.default.moveItem(at: output, to: aside)
                    try Data().write(to: output)
                } else if context.step == 4 {
                    try FileManager.default.removeItem(at: output)
                    try FileManager.default.moveItem(at: aside, to: output)
                }
            }
        }
        #expect(events.notes.filter { $0.hasPrefix("no checkpoint at step") }.count == 2)
        #expect(events.losses.count == 5)
        #expect(try bytes("number", in: output) == Data([20]))
    }

    @Test func aDamagedCheckpointIsNamed() throws {
        try fixture.writePictures(4)
        try FileManager.default.createDirectory(at: fixture.output, withIntermediateDirectories: true)
        let path = fixture.output.appending(path: "training.checkpoint")
        try Data("not a checkpoint".utf8).write(to: path)
        #expect(throws: (any Error).self) { try self.fixture.train(self.fixture.options(.vqgan, steps: 2)) }
        try Data(Safetensors.encode([:])).write(to: path)
        let failure = #expect(throws: EngineFailure.self) {
            try self.fixture.train(self.fixture.options(.vqgan, steps: 2))
        }
        #expect(failure?.summary.contains("is not a training checkpoint") == true)
    }

    @Test func impossibleOptionsAreRefused() throws {
        let changes: [(inout TrainingOptions) -> Void] = [
            { $0.size = 4 }, { $0.batch = 0 }, { $0.rate = 0 }, { $0.rate = .nan }, { $0.steps = 0 },
            { $0.minutes = -1 },
            { $0.decoderOnly = true }, { $0.attackFrom = 2 }, { $0.chains = -1 },
        ]
        for change in changes {
            var options = try fixture.options(.clip, steps: 1)
            change(&options)
            #expect(throws: EngineFailure.self) { try options.validate() }
        }
        for kind in TrainingKind.allCases {
            for preset in TrainingPreset.all(kind) {
                try TrainingOptions(kind: kind, data: "/", preset: preset).validate()
                _ = try TrainingSource(
                    TrainingOptions(kind: kind, data: "/", preset: preset),
                    resumed: nil,
                    captions: ["a red disc"],
                    folder: fixture.output
                )
            }
        }
    }
}
