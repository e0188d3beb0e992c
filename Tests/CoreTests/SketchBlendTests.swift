import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct SketchBlendTests {
    private let side = 64

    /// A picture [1, 3, side, side] whose colour at a row and column is `colour(row, column)`.
    private func picture(_ colour: (Int, Int) -> [Float]) throws -> Tensor {
        let pixels = (0..<side * side).map { colour($0 / side, $0 % side) }
        return try Tensor((0..<3).flatMap { channel in pixels.map { $0[channel] } }, shape: [1, 3, side, side])
    }

    private func distance(_ row: Int, _ column: Int) -> Double {
        let (dy, dx) = (Double(row) - 31.5, Double(column) - 31.5)
        return (dy * dy + dx * dx).squareRoot()
    }

    /// A red disc with a hole of the ground's colour, on light gray with the ripples of a VQGAN.
    private func ring() throws -> Tensor {
        try picture { row, column in
            let ripple = Float((row * 7 + column * 3) % 5) * 0.02
            let ground: [Float] = [0.9 - ripple, 0.9 - ripple, 0.86]
            return (8..<20).contains(distance(row, column)) ? [0.9, 0.1, 0.1] : ground
        }
    }

    private func colour(_ picture: Tensor, _ row: Int, _ column: Int) throws -> [Float] {
        let values = try picture.floats()
        return (0..<3).map { values[$0 * side * side + row * side + column] }
    }

    @Test(arguments: [false, true]) func theObjectStandsInTheSceneWithoutItsGround(above: Bool) throws {
        let scene = try picture { _, _ in [0.6, 0.7, 0.8] }
        let blend = try #require(try SketchBlend.blended(object: ring(), scene: scene, above: above))
        #expect(blend.shape == [1, 3, side, side])
        let reds = try (0..<side * side).filter { place in
            let pixel = try colour(blend, place / side, place % side)
            return pixel[0] > 0.7 && pixel[1] < 0.3
        }
        // The disc is 0.62 of the side across, and a hole of 0.4 of its width is not seen through.
        #expect((600...1150).contains(reds.count))
        let middle = reds.map { $0 / side }.reduce(0, +) / max(1, reds.count)
        #expect(above ? (17...26).contains(middle) : (36...46).contains(middle))
        for corner in [(0, 0), (0, side - 1), (side - 1, 0)] {
            #expect(try colour(blend, corner.0, corner.1) == [0.6, 0.7, 0.8])
        }
        let hole = try colour(blend, middle, side / 2)
        #expect(hole[0] > 0.75 && hole[1] > 0.6)
    }

    @Test func aDarkSceneDarkensTheObject() throws {
        func brightest(_ level: Float) throws -> Float {
            let scene = try picture { _, _ in [level, level, level] }
            return try #require(try SketchBlend.blended(object: ring(), scene: scene, above: false)).floats().max() ?? 0
        }
        #expect(try brightest(0.1) < 0.6)
        #expect(try brightest(0.65) > 0.8)
    }

    @Test func whatCannotBeCutOutIsLeft() throws {
        let scene = try picture { _, _ in [0, 0, 1] }
        let even = try picture { _, _ in [0.5, 0.5, 0.5] }
        #expect(try SketchBlend.blended(object: even, scene: scene, above: false) == nil)
        let busy = try picture { row, column in (row + column) % 2 == 0 ? [0, 0, 0] : [1, 1, 1] }
        #expect(try SketchBlend.blended(object: busy, scene: scene, above: false) == nil)
    }

    @Test func aTextIsCoveredByTheWordsOfCaptionsTogether() {
        let index = CaptionIndex(["a red dragon", "snowy mountains at night", "a cat", "a dragon over mountains"])
        let text = "a red dragon over snowy mountains, xyzzy"
        #expect(index.share(of: text, in: [0]) < index.share(of: text, in: [0, 1]))
        #expect(index.share(of: text, in: [2]) < 0.2)
        #expect(abs(index.share(of: text, in: [0, 1, 3]) - 1) < 1e-9)
        #expect(index.share(of: "東京", in: [0]) == 1)
    }

    @Test(arguments: [("a dragon over the sea", true), ("a Bat flying by", true), ("a dog in a meadow", false)])
    func placesAreReadFromTheText(text: String, above: Bool) {
        #expect(CaptionIndex.saysAbove(text) == above)
    }
}
