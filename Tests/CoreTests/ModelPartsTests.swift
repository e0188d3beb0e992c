import EngineKit
import Foundation
import Media
import Testing
import Tokenizers
import Torch

@testable import Core

/// The built-in pair's parts by themselves.
@Suite(.serialized, .leavesNothingAlive) final class ModelPartsTests {
    private static let builtIn = Fixtures.builtIn.path

    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "parts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Soft colours that a VQGAN can keep.
    private func writePicture(_ name: String, width: Int = 80, height: Int = 64) throws -> String {
        var pixels: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width { pixels += [UInt8(clamping: 3 * column), UInt8(clamping: 2 * row), 120] }
        }
        let image = try #require(RGBImage(width: width, height: height, pixels: pixels))
        try AtomicFile.write(PNGWriter.encode(image, text: []), to: path(name), overwrite: true)
        return path(name)
    }

    private func failure(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no failure"
        } catch {
            return "\(EngineFailure(describing: error))"
        }
    }

    @Test func featuresAreThoseOfTheModel() throws {
        let expected = try Fixtures.open("built-in-expected.safetensors")
        let meter = try #require(try ModelParts.clips(Self.builtIn, device: .cpu).first)
        let texts = try JSONDecoder().decode([String].self, from: Data((expected.metadata["texts"] ?? "").utf8))
        let features = try meter.features(ofTexts: texts)
        #expect(try relativeError(features, expected.tensor("text_features")) <= 1e-4)
        #expect(features.shape == [texts.count, meter.width])
        #expect(meter.notes(on: texts).isEmpty)
        #expect(
            meter.notes(on: [String(repeating: "moon ", count: 31)]).first?.contains("has 31 tokens; only 30") == true
        )
        #expect(failure { _ = try meter.features(ofTexts: ["moon", "月"]) }.contains("knows no part of '月'"))
    }

    @Test func nearnessIsTheLoopsDistance() throws {
        let meter = try #require(try ModelParts.clips(Self.builtIn, device: .cpu).first)
        let picture = try writePicture("a.png")
        let pictures = try meter.features(ofPictures: [picture, picture])
        let texts = try meter.features(ofTexts: ["a forest", "the sea", "a forest"])
        let nearness = try CLIPMeter.nearness(pictures, texts)
        #expect(nearness.count == 2 && nearness[0].count == 3)
        for row in nearness {
            // Rows of one batch may differ in their last bits.
            #expect(abs(row[0].cosine - row[2].cosine) < 1e-5 && abs(row[0].cosine - nearness[0][0].cosine) < 1e-5)
            for pair in row {
                let angle = acos(pair.cosine)
                #expect(abs(pair.distance - angle * angle / 2) < 1e-4)
            }
        }
        let same = try CLIPMeter.nearness(texts, texts)[0][0]
        #expect(abs(same.cosine - 1) < 1e-5 && same.distance < 1e-6)
    }

    @Test func aPictureGoesThroughCodesAndBack() throws {
        let coder = try ModelParts.vqgan(Self.builtIn, device: .cpu)
        let picture = try writePicture("a.png")
        let size = try coder.size(for: picture, asked: nil)
        #expect(size == PictureSize(80, 64))
        let result = try coder.reconstruct(picture, size: size)
        #expect(result.picture.shape == [1, 3, 64, 80])
        #expect(result.codes.shape == [1, 8, 10] && result.codes.type == .int64)
        #expect(result.psnr > 20 && result.psnr < 60)
        #expect((1...80).contains(result.codesInUse))
        try TensorFile.write(
            ["indices": result.codes, "z": result.latent],
            metadata: ["vqgan": Self.builtIn],
            to: path("codes.safetensors")
        )
        let stored = try StoredPicture(path: path("codes.safetensors"), entry: nil)
        #expect(stored.vqgan == Self.builtIn)
        #expect(try relativeError(stored.picture(coder), result.picture) < 1e-6)
        let throughLatent = try coder.picture(ofLatent: result.latent, isQuantized: false)
        #expect(try relativeError(throughLatent, result.picture) < 1e-6)
        #expect(try VQGANCoder.write(result.picture, to: path("out.png")) == size)
        #expect(try ImageReader.read(path("out.png")).width == 80)
    }

    @Test func sizesAreWholeCells() throws {
        let coder = try ModelParts.vqgan(Self.builtIn, device: .cpu)
        let picture = try writePicture("a.png", width: 1030, height: 50)
        #expect(try coder.size(for: picture, asked: nil) == PictureSize(512, 24))
        #expect(try coder.size(for: picture, asked: PictureSize(33, 47)) == PictureSize(32, 40))
        #expect(failure { _ = try coder.size(for: picture, asked: PictureSize(4, 64)) }.contains("one latent cell"))
        let huge = failure { _ = try coder.size(for: picture, asked: PictureSize(16_000, 16_000)) }
        #expect(huge.contains("of memory"))
    }

    @Test func filesWithoutAPictureAreRefused() throws {
        let coder = try ModelParts.vqgan(Self.builtIn, device: .cpu)
        func decode(_ tensors: [String: Tensor], entry: Int? = nil) -> String {
            failure {
                try TensorFile.write(tensors, metadata: [:], to: path("x.safetensors"))
                _ = try StoredPicture(path: path("x.safetensors"), entry: entry).picture(coder)
            }
        }
        func codes(_ shape: [Int], _ value: Double = 3) throws -> Tensor {
            try Tensor.full(value, shape: shape).converted(to: .int64)
        }
        #expect(decode(["weight": try Tensor.zeros([2])]).contains("holds no picture"))
        #expect(decode(["indices": try codes([2, 4, 4])]).contains("holds 2 pictures"))
        #expect(decode(["indices": try codes([2, 4, 4])], entry: 2).contains("from 0 to 1"))
        #expect(decode(["indices": try codes([2, 4, 4])], entry: 1) == "no failure")
        #expect(decode(["indices": try codes([4, 4])]) == "no failure")
        #expect(decode(["indices": try codes([4])]).contains("not that of a picture"))
        #expect(decode(["indices": try codes([1, 4, 4], 5000)]).contains("do not fit"))
        #expect(decode(["indices": try codes([1, 4, 4], -1)]).contains("do not fit"))
        #expect(decode(["z": try Tensor.zeros([1, 7, 4, 4])]).contains("a latent of shape [1, 7, 4, 4] does not fit"))
        #expect(failure { _ = try StoredPicture(path: path("nowhere"), entry: nil) }.contains("nowhere"))
    }

    /// What is shown, which with a moving average is not the latent itself.
    @Test func aCheckpointIsDecodedAsTheRunShowsIt() throws {
        var session = PaintingSession(device: .cpu, runs: folder) { _ in }
        let choice = ModelChoice(vqgan: Self.builtIn, clip: Self.builtIn)
        _ = try session.load(choice, progress: { _ in }, isCancelled: { false })
        var settings = RunSettings()
        (settings.size, settings.cuts, settings.averageDecay) = (PictureSize(64, 64), 2, 0.9)
        _ = try session.start(RunRequest(prompts: [Prompt(.text("a rose"))], settings: settings))
        for _ in 0..<3 { _ = try session.makeStep() }
        let saved = try session.saveCheckpoint(path: nil)
        let stored = try StoredPicture(path: saved.path, entry: nil)
        #expect(stored.vqgan == Self.builtIn)
        let picture = try stored.picture(ModelParts.vqgan(Self.builtIn, device: .cpu))
        #expect(try PictureTensor.rgb(picture) == session.frame(isExact: true)?.rgb)
    }

    @Test func severalCLIPsAreReadOneByOne() throws {
        let other = Fixtures.modelPath("clip-vit.pt")
        let tokenizers = try ModelParts.tokenizers("\(Self.builtIn) | \(other)")
        #expect(tokenizers.map(\.clip) == [Self.builtIn, other])
        #expect(tokenizers.map { $0.tokenizer.tokenCount(of: "a golden crown") } == [3, 3])
    }
}
