import Testing

@testable import EngineKit

@Suite struct CLIPChoiceTests {
    @Test func oneNameIsOneCLIP() throws {
        #expect(try CLIPChoice.parse("built-in") == [CLIPChoice(model: "built-in")])
        #expect(try CLIPChoice.parse(" ViT-B/32 ") == [CLIPChoice(model: "ViT-B/32")])
    }

    @Test func severalHaveWeights() throws {
        let parsed = try CLIPChoice.parse("/models/ViT-B-32.pt | RN50 : 0.5|a:b:2")
        #expect(
            parsed == [
                CLIPChoice(model: "/models/ViT-B-32.pt"), CLIPChoice(model: "RN50", weight: 0.5),
                CLIPChoice(model: "a:b", weight: 2),
            ]
        )
    }

    @Test func onlyANumberAfterAColonIsAWeight() throws {
        #expect(try CLIPChoice.parse("/a:b/clip.pt") == [CLIPChoice(model: "/a:b/clip.pt")])
    }

    @Test(arguments: [
        ("", "a CLIP is missing"), ("a |", "a CLIP is missing"), (":2", "a CLIP is missing"),
        ("a:0", "the weight of 'a' is not above 0"), ("a:-1", "the weight of 'a' is not above 0"),
        ("a:inf", "the weight of 'a' is not above 0"), ("a | b | a:2", "'a' is named twice"),
    ])
    func nonsenseIsNamed(notation: String, problem: String) {
        let failure = #expect(throws: EngineFailure.self) { try CLIPChoice.parse(notation) }
        #expect(failure?.summary.contains(problem) == true)
        #expect(failure?.hint != nil)
    }
}
