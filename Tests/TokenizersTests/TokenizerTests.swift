import Testing

@testable import Tokenizers

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

    @Test func alphabetHasEveryByteOnce() {
        #expect(Set(ByteAlphabet.letters).count == 256)
        #expect(ByteAlphabet.letters[0] == "Ā")
        #expect(ByteAlphabet.letters[32] == "Ġ")
        #expect(ByteAlphabet.letters[97] == "a")
        #expect(ByteAlphabet.ordered.first == "!")
    }

    @Test func marksInATextAreMarks() {
        #expect(Self.bytes.encode("<|startoftext|>the<|ENDOFTEXT|>") == [1, 513, 2])
        #expect(Self.bytes.encode("<|other|>").count > 3)
    }

    @Test func piecesAreReadable() {
        #expect(Self.bytes.encode("the é").map(Self.bytes.piece) == ["the</w>", "é</w>"])
        #expect(Self.bytes.encode("☂").map(Self.bytes.piece) == ["<e2>", "<98>", "<82></w>"])
        #expect(Self.bytes.text(of: Self.bytes.encode("It's the   é")) == "it 's the é")
        #expect(Self.bytes.piece(1) == "<|startoftext|>")
        #expect(Self.bytes.piece(99_999) == nil)
        #expect(Self.words.encode("ab!").map(Self.words.piece) == ["ab</w>", "!</w>"])
    }

    /// The earliest rule goes first wherever it applies, and from left to right.
    @Test(arguments: [
        ("aaaa", ["aa", "aa</w>"]),
        ("aaaaa", ["aa", "aa", "a</w>"]),
        ("abcab", ["abc", "ab</w>"]),
        ("bcbc", ["bc", "bc</w>"]),
    ])
    func rulesGoInOrder(word: String, parts: [String]) {
        let merges = [("a", "a"), ("a", "a</w>"), ("b", "c</w>"), ("a", "b"), ("ab", "c"), ("a", "b</w>"), ("b", "c")]
        let vocabulary = ["a", "a</w>", "aa", "aa</w>", "bc</w>", "ab", "abc", "ab</w>", "bc", "b", "c"]
        let ids = Dictionary(uniqueKeysWithValues: zip(vocabulary, 3...))
        let tokenizer = WordTokenizer(vocabulary: ids, merges: merges, marks: Self.marks)
        #expect(tokenizer.encode(word).map(tokenizer.piece) == parts)
    }

    @Test func longWordsAreJoinedThroughout() {
        let tokens = Self.bytes.encode(String(repeating: "th", count: 10_000))
        #expect(tokens.count == 10_001)
        #expect(tokens.first == 512)
    }
}
