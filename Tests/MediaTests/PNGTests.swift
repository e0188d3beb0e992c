import Foundation
import Media
import Testing

@Suite
struct PNGTests {
    @Test(arguments: [(1, 1), (3, 2), (64, 48), (1, 300)])
    func pixelsSurvive(width: Int, height: Int) throws {
        let image = try noise(width: width, height: height)
        #expect(try ImageReader.decode(try PNGWriter.encode(image)) == image)
    }

    @Test
    func textsSurvive() throws {
        let texts = [
            ("Title", "Nebel über den Bergen"), ("prompt", "霧の山 | oil painting:0.5 🎨"), ("Empty", ""),
            ("Two lines", "first\nsecond"), ("Tab", "a\tb"), ("Größe", "1 × 1"),
        ]
        let bytes = try PNGWriter.encode(try noise(width: 2, height: 2), text: texts)
        #expect(try PNGReader.text(in: bytes) == Dictionary(uniqueKeysWithValues: texts))
        // What Latin-1 can hold stays readable for programs that know only tEXt.
        let latin = Array("tEXtTitle\0".utf8) + "Nebel über".unicodeScalars.map { UInt8($0.value) }
        #expect(Data(bytes).range(of: Data(latin)) != nil)
        #expect(Data(bytes).range(of: Data("iTXtprompt\0\0\0\0\0霧".utf8)) != nil)
    }

    @Test
    func compressedTextsBehindPixelsAreRead() throws {
        let texts = try PNGReader.text(fixture("texts.png"))
        #expect(texts["prompt"] == String(repeating: "compressed ", count: 40))
        #expect(texts["title"] == "Nebel über 山")
        #expect(texts["Author"] == "Zoë")
    }

    @Test
    func textAfterPixelsIsRead() throws {
        // The writer puts texts first; moving its chunk behind the pixels needs no new checksum.
        let bytes = try PNGWriter.encode(try noise(width: 2, height: 2), text: [("late", "yes")])
        let chunk = Data(bytes).range(of: Data("tEXt".utf8)).map { ($0.lowerBound - 4)..<($0.upperBound + 8 + 4) }
        let range = try #require(chunk)
        var moved = bytes
        moved.removeSubrange(range)
        moved.insert(contentsOf: bytes[range], at: moved.count - 12)
        #expect(try PNGReader.text(in: moved) == ["late": "yes"])
    }

    @Test
    func fileWithoutTextsHasNone() throws {
        #expect(try PNGReader.text(fixture("interlaced.png")).isEmpty)
        #expect {
            try PNGReader.text(fixture("quadrants.jpg"))
        } throws: { ($0 as? ImageError)?.reason == .notAnImage }
    }

    @Test(arguments: ["", " a", "a ", "a  b", "山", "a\nb", String(repeating: "k", count: 80)])
    func invalidKeywordIsRefused(keyword: String) throws {
        let image = try noise(width: 1, height: 1)
        #expect(throws: ImageError.self) { try PNGWriter.encode(image, text: [(keyword, "value")]) }
    }

    @Test
    func zeroByteInTextIsRefused() throws {
        let image = try noise(width: 1, height: 1)
        #expect(throws: ImageError.self) { try PNGWriter.encode(image, text: [("key", "a\0b")]) }
    }

    @Test
    func sizesMustFitPixels() {
        #expect(RGBImage(width: 2, height: 2, pixels: [1, 2, 3]) == nil)
        #expect(RGBImage(width: 0, height: 0, pixels: []) == nil)
        #expect(RGBImage(width: -1, height: -1, pixels: [1, 2, 3]) == nil)
        #expect(RGBImage(width: 16_385, height: 1, pixels: [UInt8](repeating: 0, count: 16_385 * 3)) == nil)
    }
}
