import Foundation
import Media
import Testing

/// A folder that disappears with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "media-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path()
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}

func fixture(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)").path()
}

func fixtureBytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: fixture(name))))
}

func picture(width: Int, height: Int, _ colour: (Int, Int) -> [UInt8]) throws -> RGBImage {
    var pixels: [UInt8] = []
    for y in 0..<height { for x in 0..<width { pixels += colour(x, y) } }
    return try #require(RGBImage(width: width, height: height, pixels: pixels))
}

/// A picture in which every pixel differs from its neighbours.
func noise(width: Int, height: Int) throws -> RGBImage {
    try picture(width: width, height: height) { x, y in
        (1...3).map { UInt8(truncatingIfNeeded: (x &* 73 &+ y &* 151 &+ 7) &* $0 &* 29) }
    }
}

extension RGBImage {
    subscript(x: Int, y: Int) -> [UInt8] { Array(pixels[(3 * (y * width + x))...].prefix(3)) }
}
