import Media
import Testing

@Suite
struct ResamplingTests {
    @Test(arguments: [(1, 1), (7, 5), (31, 64), (200, 3)])
    func constantStaysConstant(width: Int, height: Int) throws {
        let image = try picture(width: 23, height: 17) { _, _ in [0, 129, 255] }
        for result in [image.resized(to: (width, height)), image.coverCropped(width: width, height: height)] {
            #expect(result == (try picture(width: width, height: height) { _, _ in [0, 129, 255] }))
        }
    }

    @Test(arguments: [(8, 6), (20, 15), (80, 60), (37, 41)])
    func meanIsKept(width: Int, height: Int) throws {
        // Mid-range values, so that nothing is clamped.
        let image = try picture(width: 40, height: 30) { x, y in
            [UInt8(90 + x), UInt8(100 + y), UInt8(110 + (x ^ y) % 8)]
        }
        let result = image.resized(to: (width, height))
        for channel in 0..<3 { #expect(abs(mean(result, channel) - mean(image, channel)) < 1) }
    }

    private func mean(_ image: RGBImage, _ channel: Int) -> Double {
        let values = stride(from: channel, to: image.pixels.count, by: 3).map { Double(image.pixels[$0]) }
        return values.reduce(0, +) / Double(values.count)
    }

    @Test
    func sameSizeIsIdentity() throws {
        let image = try noise(width: 12, height: 9)
        #expect(image.resized(to: (12, 9)) == image)
        #expect(image.coverCropped(width: 12, height: 9) == image)
    }

    @Test
    func shrinkingDoesNotAlias() throws {
        let stripes = try picture(width: 64, height: 64) { x, _ in [UInt8](repeating: x % 2 == 0 ? 0 : 255, count: 3) }
        let result = stripes.resized(to: (16, 16))
        // The two pixels at each edge see fewer stripes on one side.
        for x in 2..<14 { #expect(abs(Int(result[x, 8][0]) - 128) <= 4) }
    }

    @Test
    func edgesAreClampedNotWrapped() throws {
        let edge = try picture(width: 8, height: 8) { x, _ in x < 4 ? [0, 0, 0] : [255, 255, 255] }
        let result = edge.resized(to: (64, 64))
        #expect(result[0, 0][0] < 16 && result[63, 0][0] > 239)
        #expect(result.pixels.contains(0) && result.pixels.contains(255))
    }

    @Test(arguments: [(10, 10), (40, 10), (10, 40), (3, 100)])
    func coverCropTakesTheCentre(width: Int, height: Int) throws {
        // Red left third, green middle, blue right: a tall crop of the centre is green.
        let image = try picture(width: 90, height: 30) { x, _ in
            [x < 30 ? 255 : 0, (30..<60).contains(x) ? 255 : 0, x >= 60 ? 255 : 0]
        }
        let result = image.coverCropped(width: width, height: height)
        #expect(result.width == width && result.height == height)
        #expect(result[width / 2, height / 2][1] > 240)
        if width <= height { #expect(result[0, 0][0] < 140 && result[width - 1, 0][2] < 140) }
    }
}
