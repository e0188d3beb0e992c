public import EngineKit
public import Foundation

/// Finds and reads the tokenizer of a CLIP.
///
/// Looked for in the model's folder, the first that is there: `vocab.json` with `merges.txt`, `tokenizer.json`,
/// `merges.txt` alone, `bpe_simple_vocab_16e6.txt.gz` or the same unpacked. A CLIP with OpenAI's number of tokens that
/// has none of them beside it uses the copy of OpenAI's vocabulary that comes with the program.
public enum TokenizerFiles {
    /// Tokens of OpenAI's CLIPs.
    public static let openAIVocabularySize = 49_408

    private static let openAIFile = "bpe_simple_vocab_16e6.txt"

    /// The tokenizer of OpenAI's CLIPs, with the program's copy of their vocabulary.
    /// - Throws: ``EngineFailure`` when the program's files are missing.
    public static func openAI(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EngineFailure) -> any Tokenizer {
        guard let own = ownVocabulary(environment) else {
            throw EngineFailure(
                .file,
                "the program's folder models/clip-vocabulary is missing",
                hint: "restore it, or name its parent with VQCLIP_SHARE"
            )
        }
        let marks = TokenMarks(
            start: openAIVocabularySize - 2,
            end: openAIVocabularySize - 1,
            padding: 0,
            contextLength: 77
        )
        return ByteLevelTokenizer(vocabulary: nil, merges: try Vocabulary(merges: own).merges, marks: marks)
    }

    private static func ownVocabulary(_ environment: [String: String]) -> URL? {
        ProgramFiles.find("models/clip-vocabulary/\(openAIFile).gz", environment: environment)
    }

    /// - Parameters:
    ///   - folder: where the model's files are.
    ///   - vocabularySize: rows of the model's token embedding.
    ///   - environment: tells where the program's own files are.
    /// - Throws: ``EngineFailure`` naming the file.
    public static func load(
        _ kind: TokenizerKind,
        beside folder: URL,
        vocabularySize: Int,
        marks: TokenMarks,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EngineFailure) -> any Tokenizer {
        let found = try vocabulary(beside: folder, kind, vocabularySize, environment)
        func refusal(_ problem: String) -> EngineFailure {
            EngineFailure(.model, "\(found.path) \(problem)", hint: "use the file that came with the model")
        }
        if let ids = found.ids, !ids.values.allSatisfy({ (0..<vocabularySize).contains($0) }) {
            throw refusal("has more tokens than the CLIP")
        }
        switch kind {
        case .words: return WordTokenizer(vocabulary: found.ids ?? [:], merges: found.merges, marks: marks)
        case .bytes:
            if let ids = found.ids, ids["a</w>"] == nil { throw refusal("is not the vocabulary of a CLIP") }
            // OpenAI's own list goes on after the merges that its models use.
            let used = found.ids == nil ? max(0, vocabularySize - 2 * ByteAlphabet.ordered.count - 2) : .max
            return ByteLevelTokenizer(vocabulary: found.ids, merges: Array(found.merges.prefix(used)), marks: marks)
        }
    }

    private static func vocabulary(
        beside folder: URL,
        _ kind: TokenizerKind,
        _ size: Int,
        _ environment: [String: String]
    ) throws(EngineFailure) -> Vocabulary {
        func file(_ name: String) -> URL? {
            let url = folder.appending(path: name)
            return FileManager.default.fileExists(atPath: url.path) ? url : nil
        }
        if kind == .words {
            return try Vocabulary(
                vocabulary: folder.appending(path: "vocab.json"),
                merges: folder.appending(path: "merges.txt")
            )
        }
        if let vocabulary = file("vocab.json"), let merges = file("merges.txt") {
            return try Vocabulary(vocabulary: vocabulary, merges: merges)
        }
        if let document = file("tokenizer.json") { return try Vocabulary(document: document) }
        let lists = ["merges.txt", openAIFile + ".gz", openAIFile]
        if let merges = lists.lazy.compactMap(file).first { return try Vocabulary(merges: merges) }
        if size == openAIVocabularySize, let own = ownVocabulary(environment) { return try Vocabulary(merges: own) }
        throw EngineFailure(
            .model,
            "\(folder.path) has no vocabulary for its CLIP of \(size) tokens",
            hint: "put the tokenizer.json, or the vocab.json and merges.txt, that came with the model beside it"
        )
    }
}
