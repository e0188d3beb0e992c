import EngineKit
import Foundation
import Glibc
import Media
import Testing

@Suite
struct ImageReaderTests {
    /// The fixtures, written by Pillow, show red, green, blue and yellow quarters, 24×16.
    private static let corners: [(x: Int, y: Int, colour: [UInt8])] = [
        (3, 3, [255, 0, 0]), (20, 3, [0, 255, 0]), (3, 13, [0, 0, 255]), (20, 13, [255, 255, 0]),
    ]

    private func expectQuadrants(_ image: RGBImage, tolerance: Int, _ name: String) {
        #expect(image.width == 24 && image.height == 16, "\(name)")
        guard image.width == 24, image.height == 16 else { return }
        for corner in Self.corners {
            let distance = zip(image[corner.x, corner.y], corner.colour).map { abs(Int($0) - Int($1)) }.max() ?? 255
            #expect(distance <= tolerance, "\(name) at \(corner.x), \(corner.y): \(image[corner.x, corner.y])")
        }
    }

    @Test(arguments: ["quadrants.jpg", "progressive.jpg", "cmyk.jpg", "lossless.webp", "lossy.webp", "texts.png"])
    func formatsAreDecoded(name: String) throws {
        let tolerance = name.hasSuffix("jpg") || name == "lossy.webp" ? 24 : 0
        expectQuadrants(try ImageReader.read(fixture(name)), tolerance: tolerance, name)
    }

    @Test(arguments: 2...8)
    func orientationOfJPEGIsHonoured(value: Int) throws {
        let name = "orientation-\(value).jpg"
        expectQuadrants(try ImageReader.read(fixture(name)), tolerance: 24, name)
    }

    @Test
    func formatIsRecognisedByContentNotBySuffix() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: fixture("lossless.webp"), toPath: folder.file("picture.png"))
        expectQuadrants(try ImageReader.read(folder.file("picture.png")), tolerance: 0, "picture.png")
    }

    @Test(arguments: ["alpha.png", "alpha.webp"])
    func transparencyIsCompositedOnWhite(name: String) throws {
        let image = try ImageReader.read(fixture(name))
        #expect(image[3, 3] == [255, 255, 255])
        #expect(image[3, 13] == [127, 127, 255])
        #expect(image[20, 3] == [0, 255, 0])
    }

    @Test
    func paletteWithTransparentEntryIsDecoded() throws {
        let image = try ImageReader.read(fixture("palette.png"))
        #expect(image[3, 3] == [255, 0, 0])
        #expect(image[20, 13] == [255, 255, 255])
    }

    @Test
    func sixteenBitGreyIsScaled() throws {
        let image = try ImageReader.read(fixture("grey16.png"))
        #expect(image.pixels == [0, 0, 0, 128, 128, 128, 255, 255, 255, 18, 18, 18])
    }

    @Test
    func oneBitAndGreyBecomeRGB() throws {
        let bits = try ImageReader.read(fixture("one-bit.png"))
        #expect(bits[20, 13] == [255, 255, 255] && bits[3, 13] == [0, 0, 0])
        let grey = try ImageReader.read(fixture("grey.jpg"))
        #expect(Set(grey[20, 13]).count == 1)
    }

    @Test
    func interlacedRowsAreInOrder() throws {
        let expected = try picture(width: 5, height: 5) { [UInt8($0 * 50), UInt8($1 * 50), 7] }
        #expect(try ImageReader.read(fixture("interlaced.png")) == expected)
    }

    // MARK: - What is refused

    private func reason(_ path: String) -> ImageError.Reason? {
        do {
            _ = try ImageReader.read(path)
            return nil
        } catch {
            #expect(error.path == path)
            #expect(!error.description.contains("\n"))
            return error.reason
        }
    }

    @Test
    func pathsThatAreNoFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        #expect(reason(folder.file("absent.png")) == .noSuchFile)
        #expect(reason("") == .noSuchFile)
        #expect(reason(fixture("texts.png") + "\0.jpg") == .noSuchFile)
        #expect(reason(folder.path) == .isDirectory)
        #expect(reason("/dev/zero") == .notRegularFile)
    }

    @Test(.timeLimit(.minutes(1)))
    func pipeIsRefusedWithoutWaiting() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.file("pipe.png"), 0o600) == 0)
        #expect(reason(folder.file("pipe.png")) == .notRegularFile)
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"))
    func unreadableFileIsNamed() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: fixture("texts.png"), toPath: folder.file("secret.png"))
        chmod(folder.file("secret.png"), 0)
        #expect(reason(folder.file("secret.png")) == .noPermission)
    }

    @Test
    func emptyAndForeignFilesAreNoPictures() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(filePath: folder.file("empty.png")))
        try Data("just a text".utf8).write(to: URL(filePath: folder.file("text.png")))
        #expect(reason(folder.file("empty.png")) == .empty)
        #expect(reason(folder.file("text.png")) == .notAnImage)
    }

    @Test
    func animationIsRefused() throws {
        #expect(reason(fixture("animated.webp")) == .unsupported("an animated WebP"))
    }

    @Test(arguments: [
        "quadrants.jpg", "progressive.jpg", "cmyk.jpg", "lossless.webp", "lossy.webp", "texts.png", "alpha.png",
    ])
    func everyTruncationIsAnError(name: String) throws {
        let bytes = try fixtureBytes(name)
        // A JPEG may lack its two-byte end mark, and a WebP its padding byte, without loss.
        let slack = name.hasSuffix("png") ? 1 : 3
        for count in 0...(bytes.count - slack) {
            #expect(throws: ImageError.self, "\(name) cut at \(count)") {
                try ImageReader.decode(Array(bytes.prefix(count)))
            }
        }
        #expect {
            try ImageReader.decode(Array(bytes.prefix(bytes.count / 2)))
        } throws: { ($0 as? ImageError)?.reason == .truncated }
    }

    /// Whatever comes out, nothing crashes and no picture has another size than its header says.
    @Test(arguments: [
        "quadrants.jpg", "progressive.jpg", "cmyk.jpg", "orientation-6.jpg", "lossless.webp", "lossy.webp",
        "alpha.webp", "texts.png", "palette.png", "interlaced.png",
    ])
    func flippedBitsNeverCrash(name: String) throws {
        let bytes = try fixtureBytes(name)
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= UInt8(1 << (position % 8))
            if let image = try? ImageReader.decode(damaged) {
                #expect(image.pixels.count == image.width * image.height * 3)
            }
            _ = try? PNGReader.text(in: damaged)
        }
    }

    @Test(arguments: [(65_535, 65_535), (2_000_000_000, 1), (1, 20_000), (16_384, 16_385)])
    func hugeSizeInHeaderIsRefusedBeforeMemoryIsTaken(width: Int, height: Int) throws {
        var bytes = try fixtureBytes("texts.png")
        for (offset, side) in [(16, width), (20, height)] {
            for digit in 0..<4 { bytes[offset + digit] = UInt8(truncatingIfNeeded: side >> (24 - 8 * digit)) }
        }
        #expect {
            try ImageReader.decode(bytes)
        } throws: { ($0 as? ImageError)?.reason == .tooLarge("\(width) x \(height) pixels") }
    }

    @Test
    func messageIsOneLineWithPathAndRemedy() {
        let error = ImageError(.truncated, path: "a\u{1B}[2J.png")
        #expect(error.description == "“a?[2J.png” ends before the picture does; copy or download it again")
        #expect(EngineFailure(describing: error).kind == .image)
        #expect(EngineFailure(describing: ImageError(.noSuchFile, path: "x")).kind == .file)
    }
}
