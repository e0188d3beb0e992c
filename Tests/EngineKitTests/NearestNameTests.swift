import Testing

@testable import EngineKit

@Suite("Nearest name")
struct NearestNameTests {
    @Test(arguments: [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("same", "same", 0)])
    func distanceCountsEdits(first: String, second: String, distance: Int) {
        #expect(NearestName.distance(first, second) == distance)
    }

    @Test func nothingSimilarIsNothing() {
        #expect(NearestName.to("xy", among: ["ab"]) == nil)
        #expect(NearestName.to("x", among: []) == nil)
    }
}
