import EngineKit
import Foundation
import Media
import Testing
import Torch

@testable import Training

/// Folders of pictures as people have them.
@Suite(.serialized) final class TrainingDataTests {
    private let fixture: TrainingFixture

    init() throws { fixture = try TrainingFixture() }

    private func captions() throws -> [String: [String]] {
        let files = try CaptionedFolder(fixture.data).files
        return Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.captions) })
    }

    @Test func captionsComeFromTablesThenTextsThenNames() throws {
        let image = try TrainingFixture.picture(0, 0, side: 16)
        for name in ["a.png", "b.png", "red_dragon-012.png", "cats/0001.png", "7f3e.png"] {
            try fixture.write(image, name)
        }
        try fixture.write("{\"file_name\": \"a.png\", \"text\": \"from  the\\ntable\"}\n\n", "metadata.jsonl")
        try fixture.write("one\n\n two  words \n", "b.txt")
        try fixture.write("beside", "a.txt")
        #expect(
            try captions() == [
                "a.png": ["from the table"], "b.png": ["one", "two words"], "red_dragon-012.png": ["red dragon"],
                "cats/0001.png": ["cats"], "7f3e.png": [],
            ]
        )
    }

    @Test func tablesOfValuesMayHaveQuotes() throws {
        try fixture.write(try TrainingFixture.picture(0, 0, side: 16), "sub/a.png")
        try fixture.write("text,file_name\n\"a \"\"big\"\" cat,\nsleeping\",a.png\nlost,b.png\n", "sub/metadata.csv")
        let folder = try CaptionedFolder(fixture.data)
        #expect(folder.files.map(\.captions) == [["a \"big\" cat, sleeping"]])
        #expect(folder.orphanedCaptions == 1)
    }

    @Test func damagedTablesAreReportedAndSurvived() throws {
        try fixture.write(try TrainingFixture.picture(0, 0, side: 16), "green hill.png")
        try fixture.write("{\"file_name\": \"a.png\"}\nnot json\n", "metadata.jsonl")
        try fixture.write("a,b\n1,2\n", "metadata.csv")
        let folder = try CaptionedFolder(fixture.data)
        #expect(folder.files.map(\.captions) == [["green hill"]])
        #expect(folder.problems.count == 2)
        #expect(folder.problems.contains { $0.hasPrefix("metadata.jsonl: line 2") })
    }

    @Test func foldersWithoutPicturesAreRefused() throws {
        try fixture.write("words", "a.txt")
        #expect(throws: EngineFailure.self) { try CaptionedFolder(self.fixture.data) }
        let missing = #expect(throws: EngineFailure.self) {
            try CaptionedFolder(self.fixture.root.appending(path: "nowhere"))
        }
        #expect(missing?.hint?.contains("--data") == true)
    }

    @Test func unusablePicturesAreCounted() throws {
        try fixture.writePictures(3)
        try fixture.write("not a picture", "bad.png")
        try fixture.write("", "empty.jpg")
        try fixture.write(try TrainingFixture.picture(0, 0, side: 6), "small.png")
        try fixture.write(try TrainingFixture.picture(0, 0), "p0 again.png")
        try fixture.write("a red disc", "p0 again.txt")
        try fixture.write("nobody", "gone.txt")
        // A header that promises more pixels than are read.
        let huge: [UInt8] = [
            137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 1, 0, 0, 0, 1, 0, 0, 8, 2, 0, 0, 0,
        ]
        try Data(huge).write(to: fixture.data.appending(path: "huge.png"))
        let packed = try fixture.packed(side: 32)
        #expect(packed.count == 3)
        #expect(packed.index.unreadable.count == 3)
        #expect(packed.index.tooSmall == 1)
        #expect(packed.index.duplicates == 1)
        #expect(try CaptionedFolder(fixture.data).orphanedCaptions == 1)
    }

    @Test func nothingUsableIsAnError() throws {
        try fixture.write("not a picture", "bad.png")
        let failure = #expect(throws: EngineFailure.self) { try self.fixture.packed() }
        #expect(failure?.hint?.contains("bad.png") == true)
    }

    @Test func decodedPicturesAreKept() throws {
        try fixture.writePictures(4)
        let first = try fixture.set()
        let whole = try first.whole([2], device: .cpu)
        let cache = fixture.root.appending(path: "cache")
        let names = try FileManager.default.contentsOfDirectory(atPath: cache.path).sorted()
        #expect(names.count == 2, "\(names)")
        // Without the pixels' own file, its picture comes from the cache.
        try Data("changed".utf8).write(to: fixture.data.appending(path: "p2.txt"))
        #expect(try fixture.set().pictures.index.files[2].captions == ["changed"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).count == 4)
        let expected = try TrainingFixture.picture(2, 0)
        #expect(try (whole * 255).rounded().permuted(0, 2, 3, 1).floats().map { UInt8($0) } == expected.pixels)
    }

    @Test func aDamagedCacheIsMadeAnew() throws {
        try fixture.writePictures(4)
        _ = try fixture.set()
        let cache = fixture.root.appending(path: "cache")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: cache.path).first { $0.hasSuffix(".pixels") }
        )
        try Data([1, 2, 3]).write(to: cache.appending(path: name))
        #expect(try fixture.set().pictures.count == 4)
    }

    @Test func everyPictureComesOnceAnEpoch() throws {
        try fixture.writePictures(16)
        let set = try fixture.set()
        #expect(!set.holdsOut && set.measured == set.training)
        let order = (0..<8).flatMap { set.indices(step: $0, batch: 4) }
        #expect(order.prefix(16).sorted() == Array(0..<16) && order.suffix(16).sorted() == Array(0..<16))
        #expect(order.prefix(16) != order.suffix(16))
        #expect(try fixture.set().indices(step: 5, batch: 4) == Array(order[20..<24]))
    }

    @Test func someOfManyAreHeldOutByCaption() throws {
        let image = try TrainingFixture.picture(0, 0, side: 16)
        for index in 0..<60 {
            var pixels = image.pixels
            pixels[0] = UInt8(index)
            try fixture.write(try #require(RGBImage(width: 16, height: 16, pixels: pixels)), "n\(index).png")
            try fixture.write("caption \(index / 2)", "n\(index).txt")
        }
        let set = try fixture.set(side: 16)
        #expect(set.holdsOut && !set.measured.isEmpty)
        #expect(set.measured.count + set.training.count == 60)
        let files = set.pictures.index.files
        let measured = Set(set.measured.flatMap { files[$0].captions })
        #expect(measured.isDisjoint(with: set.training.flatMap { files[$0].captions }))
    }

    @Test func cropsAreRandomAndRepeatable() throws {
        try fixture.writePictures(8)
        let set = try fixture.set()
        let crops = try set.crops(Array(0..<8), size: 32, step: 3, device: .cpu)
        #expect(crops.shape == [8, 3, 32, 32])
        #expect(try crops.minimum(over: 0, 1, 2, 3).item() >= 0 && crops.maximum(over: 0, 1, 2, 3).item() <= 1)
        #expect(try set.crops(Array(0..<8), size: 32, step: 3, device: .cpu).floats() == crops.floats())
        #expect(try set.crops(Array(0..<8), size: 32, step: 4, device: .cpu).floats() != crops.floats())
    }

    @Test func vocabularyJoinsWhatIsFrequent() throws {
        let vocabulary = WordVocabulary(learnedFrom: ["low low low lower", "newest newest", "LOW new"], size: 90)
        #expect(vocabulary.parts.prefix(3) == ["<pad>", "<sot>", "<eot>"])
        #expect(vocabulary.merges.first.map { [$0.0, $0.1] } == ["l", "o"])
        #expect(vocabulary.parts.contains("low</w>"))
        #expect(Set(vocabulary.parts).count == vocabulary.parts.count && vocabulary.parts.count <= 90)
        let files = try vocabulary.files()
        #expect(try WordVocabulary.count(files) == vocabulary.parts.count)
        let repeated = WordVocabulary(learnedFrom: ["LOW new", "newest newest", "low low low lower"], size: 90)
        #expect(repeated.parts == vocabulary.parts, "whatever the order of the texts")
    }
}
