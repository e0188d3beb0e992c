import EngineKit
import Foundation
import Testing

@testable import Tokenizers

@Suite final class TokenizerFilesTests {
    private static let marks = TokenMarks(start: 514, end: 515, padding: 0, contextLength: 77)
    private static let openAIMarks = TokenMarks(start: 49_406, end: 49_407, padding: 0, contextLength: 77)

    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func write(_ text: String, _ file: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: file))
    }

    private func load(_ kind: TokenizerKind = .bytes, size: Int = 516) throws -> any Tokenizer {
        try TokenizerFiles.load(kind, beside: folder, vocabularySize: size, marks: Self.marks)
    }

    private func failure(_ kind: TokenizerKind = .bytes, size: Int = 516) -> String? {
        do {
            _ = try load(kind, size: size)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// What the reference tokenizer makes of these texts with OpenAI's vocabulary.
    @Test(arguments: [
        ("over the cold and misty mountains", [962, 518, 3153, 537, 18799, 5873]),
        (
            "It's 2021: they'd've said \"no\"!",
            [585, 568, 273, 271, 273, 272, 281, 889, 1896, 1200, 1946, 257, 871, 10377]
        ),
        ("the café’s naïve façade", [518, 15304, 568, 1097, 35689, 563, 778, 10067, 1928]),
        ("misty   MOUNTAINS\n", [18799, 5873]),
        ("Ã©tÃ©", [3459, 39694]),
        ("東京タワー 🐉", [48338, 21078, 105, 34941, 2429, 107, 30391, 46908]),
        ("<|startoftext|>a<|endoftext|>", [49406, 320, 49407]),
        ("&amp;lt;3 &eacute;&#x1F409;", [283, 274, 4166, 46908]),
        ("ＬＯＵＤ ﬁsh", [7464, 2759]),
        ("supercalifragilisticexpialidocious", [1642, 2857, 13093, 2076, 5868, 26850, 835, 639, 38466]),
    ])
    func theProgramHasOpenAIsVocabulary(text: String, ids: [Int]) throws {
        let tokenizer = try Self.openAI.get()
        #expect(tokenizer.encode(text) == ids)
    }

    private static let openAI = Result {
        try TokenizerFiles.load(
            .bytes,
            beside: URL(filePath: "/nowhere"),
            vocabularySize: TokenizerFiles.openAIVocabularySize,
            marks: openAIMarks
        )
    }

    @Test func aVocabularyBesideTheModelWins() throws {
        try write("#version: 0.2\nt h\nth e</w>\n", "merges.txt")
        #expect(try load().encode("the") == [513])
        let pieces = #""t": 7, "h": 8, "e</w>": 9, "a</w>": 10, "th": 11, "the</w>": 12"#
        try write(
            #"{"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {\#(pieces)}, "merges": ["t h"]}}"#,
            "tokenizer.json"
        )
        #expect(try load().encode("the") == [11, 9])
        try write("{\(pieces)}", "vocab.json")
        #expect(try load().encode("the") == [12])
    }

    @Test func mergesOfATokenizerMayBeStringsOrPairs() throws {
        let model = #""vocab": {"a</w>": 3, "b": 4, "ba</w>": 5}, "end_of_word_suffix": "</w>""#
        try write(#"{"model": {\#(model), "merges": [["b", "a</w>"]]}}"#, "tokenizer.json")
        #expect(try load().encode("ba") == [5])
        try write(#"{"model": {\#(model), "merges": ["b a</w>"]}}"#, "tokenizer.json")
        #expect(try load().encode("ba") == [5])
        try write(#"{"model": {\#(model), "merges": ["b a c"]}}"#, "tokenizer.json")
        #expect(failure()?.contains("tokenizer.json is not a vocabulary") == true)
    }

    @Test func packedListsAreRead() throws {
        let own = try #require(ProgramFiles.find("models/clip-vocabulary/bpe_simple_vocab_16e6.txt.gz"))
        let packed = try Data(contentsOf: own)
        try packed.write(to: folder.appending(path: "bpe_simple_vocab_16e6.txt.gz"))
        // Of a smaller vocabulary the first merges count.
        #expect(try load(size: 515).encode("in") == [5 + 67, 77 + 256])
        for damaged in [packed.prefix(1000), packed.prefix(12), packed.prefix(2) + Data(count: 100)] {
            try damaged.write(to: folder.appending(path: "bpe_simple_vocab_16e6.txt.gz"))
            #expect(failure()?.contains("bpe_simple_vocab_16e6.txt.gz is damaged or cut off") == true)
        }
        #expect(Gzip.unpacked([UInt8](packed), limit: 1000) == nil)
        #expect(Gzip.unpacked([], limit: 1000) == nil)
    }

    @Test func wrongFilesAreNamed() throws {
        #expect(failure()?.contains("has no vocabulary for its CLIP of 516 tokens") == true)
        #expect(failure(.words)?.contains("has no vocab.json") == true)
        try write("a b c\n", "merges.txt")
        #expect(failure()?.contains("merges.txt has a line that is not a pair: 'a b c'") == true)
        try write("a b\n", "merges.txt")
        try write("[1, 2]", "vocab.json")
        #expect(failure()?.contains("vocab.json is not a vocabulary") == true)
        try write(#"{"a": 516}"#, "vocab.json")
        #expect(failure()?.contains("vocab.json has more tokens than the CLIP") == true)
        try write(#"{"Ġthe": 3}"#, "vocab.json")
        #expect(failure()?.contains("vocab.json is not the vocabulary of a CLIP") == true)
        try FileManager.default.removeItem(at: folder.appending(path: "vocab.json"))
        try write(#"{"model": {"type": "Unigram", "vocab": []}}"#, "tokenizer.json")
        #expect(failure()?.contains("a tokenizer of another kind (Unigram)") == true)
    }

    @Test func aPipeIsNotWaitedFor() throws {
        #expect(mkfifo(folder.appending(path: "merges.txt").path, 0o600) == 0)
        #expect(failure()?.contains("merges.txt cannot be read") == true)
    }
}
