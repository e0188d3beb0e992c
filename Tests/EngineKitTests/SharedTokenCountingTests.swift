import EngineKit
import Testing

@Suite struct SharedTokenCountingTests {
    private struct Tower: TokenCounting {
        let tokenLimit: Int
        let perWord: Int
        func tokenCount(of text: String) -> Int { text.split(separator: " ").count * perWord }
    }

    @Test func theTowerWithTheLeastRoomCounts() {
        let shared = SharedTokenCounting([Tower(tokenLimit: 75, perWord: 1), Tower(tokenLimit: 30, perWord: 1)])
        #expect(shared.tokenLimit == 30)
        #expect(shared.tokenCount(of: "") == 0)
        #expect(shared.tokenCount(of: "one two three") == 3)
    }

    /// The other tower has more places, but takes more of them.
    @Test func theLimitIsPassedWhenAnyTowerLosesWords() {
        let shared = SharedTokenCounting([Tower(tokenLimit: 10, perWord: 4), Tower(tokenLimit: 6, perWord: 1)])
        #expect(shared.tokenLimit == 6)
        #expect(shared.tokenCount(of: "one two") == 4)
        #expect(shared.tokenCount(of: "one two three") > 6)
    }

    @Test func oneTowerIsCountedAsItIs() {
        let shared = SharedTokenCounting([Tower(tokenLimit: 5, perWord: 2)])
        #expect(shared.tokenLimit == 5)
        #expect(shared.tokenCount(of: "one two three") == 6)
    }
}
