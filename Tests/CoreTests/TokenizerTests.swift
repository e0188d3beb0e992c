import Testing

@testable import Core

@Suite struct TokenizerTests {
    private static let marks = TokenMarks(start: 1, end: 2, padding: 0, contextLength: 8)
    private static let words = WordTokenizer(
        vocabulary: [
            "a": 3, "a</w>": 4, "b</w>": 5, "ab</w>": 6, "!</w>": 7, "1</w>": 8, "_": 9, "é</w>": 10, "ba": 11,
        ],
        merges: [("a", "b</w>"), ("b", "a")],
        marks: marks
    )
    /// Merges of OpenAI's kind; their ids follow the 512 of the alphabet.
    private static let bytes = ByteLevelTokenizer(
        vocabulary: nil,
        merges: [("t", "h"), ("th", "e</w>"), ("'", "s</w>"), ("Ã", "©</w>")],
        marks: marks
    )

    private static func letter(_ character: Character, last: Bool = false) -> Int {
        Int(character.asciiValue ?? 33) - 33 + (last ? 256 : 0)
    }

    @Test(arguments: [
        ("", []),
        ("   \n\t", []),
        ("ab", [6]),
        ("AB", [6]),
        ("a b", [4, 5]),
        ("a!", [4, 7]),
        ("ab!ab", [6, 7, 6]),
        ("bab", [6]),
        ("baa", [11, 4]),
        ("_1", [9, 8]),
        ("é", [10]),
        ("東 ab 🐉", [6]),
        ("a東", [3]),
    ])
    func wordsAreJoinedByPairs(text: String, tokens: [Int]) {
        #expect(Self.words.encode(text) == tokens)
        #expect(Self.words.tokenCount(of: text) == tokens.count)
        // The second time out of memory.
        #expect(Self.words.encode(text) == tokens)
    }

    @Test func windowHasMarksAndPadding() {
        let window = Self.words.window("ab!")
        #expect(window.ids == [1, 6, 7, 2, 0, 0, 0, 0])
        #expect(!window.isTruncated)
        #expect(Self.words.window("").ids == [1, 2, 0, 0, 0, 0, 0, 0])
    }

    @Test func truncationIsReported() {
        #expect(Self.words.tokenLimit == 6)
        #expect(!Self.words.window("a a a a a a").isTruncated)
        let window = Self.words.window("a a a a a a b")
        #expect(window.isTruncated)
        #expect(window.ids == [1, 4, 4, 4, 4, 4, 4, 2])
        #expect(Self.words.tokenCount(of: "a a a a a a b") == 7)
    }

    @Test func bytesAreJoinedByPairs() {
        #expect(Self.bytes.encode("the") == [513])
        #expect(Self.bytes.encode("The  THE\n") == [513, 513])
        #expect(Self.bytes.encode("it's") == [Self.letter("i"), Self.letter("t", last: true), 514])
        #expect(Self.bytes.encode("it’s") == Self.bytes.encode("it's"))
        #expect(Self.bytes.encode("é") == [515])
        #expect(Self.bytes.encode("e\u{301}") == [515])
    }

    @Test func digitsStandAlone() {
        #expect(Self.bytes.encode("12") == [Self.letter("1", last: true), Self.letter("2", last: true)])
        #expect(Self.bytes.encode("8k, ...").count == 6)
    }

    @Test func entitiesAreUnescapedTwice() {
        #expect(TextCleaner.cleaned("a &amp;amp; b &lt;3 &#65;&#x42; &; &bogus; &") == "a & b <3 ab &; &bogus; &")
        #expect(TextCleaner.cleaned(" “Tabs”\tand \n spaces ") == "\"tabs\" and spaces")
    }

    @Test func alphabetHasEveryByteOnce() {
        #expect(Set(ByteAlphabet.letters).count == 256)
        #expect(ByteAlphabet.letters[0] == "Ā")
        #expect(ByteAlphabet.letters[32] == "Ġ")
        #expect(ByteAlphabet.letters[97] == "a")
        #expect(ByteAlphabet.ordered.first == "!")
    }

    @Test func countingIsFastEnoughForTyping() {
        let text = String(repeating: "over the cold and misty mountains, ", count: 20)
        _ = Self.words.tokenCount(of: text)
        let times = (0..<10).map { _ in ContinuousClock().measure { _ = Self.words.tokenCount(of: text + "x") } }
        #expect((times.min() ?? .seconds(1)) < .milliseconds(10))
    }
}
