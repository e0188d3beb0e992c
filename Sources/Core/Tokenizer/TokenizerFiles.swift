import EngineKit
import Foundation

/// Reads the tokenizer that belongs to a CLIP from the files beside it.
enum TokenizerFiles {
    /// - Throws: ``EngineFailure`` naming the file.
    static func load(_ folder: ModelFolder, _ configuration: CLIPConfiguration) throws(EngineFailure) -> any Tokenizer {
        let marks = TokenMarks(
            start: configuration.sotID,
            end: configuration.eotID,
            padding: configuration.padID,
            contextLength: configuration.contextLength
        )
        let merges = try merges(folder)
        switch configuration.tokenizer {
        case .words:
            let vocabulary = try vocabulary(folder, configuration)
            return WordTokenizer(vocabulary: vocabulary, merges: merges, marks: marks)
        case .bytes:
            let vocabulary = folder.has("vocab.json") ? try vocabulary(folder, configuration) : nil
            // OpenAI's own list goes on after the merges that its models use.
            let used = merges.prefix(max(0, configuration.vocabSize - 2 * ByteAlphabet.ordered.count - 2))
            return ByteLevelTokenizer(vocabulary: vocabulary, merges: Array(used), marks: marks)
        }
    }

    private static func vocabulary(
        _ folder: ModelFolder,
        _ configuration: CLIPConfiguration
    ) throws(EngineFailure) -> [String: Int] {
        let vocabulary = try folder.decode([String: Int].self, "vocab.json")
        guard vocabulary.values.allSatisfy({ (0..<configuration.vocabSize).contains($0) }) else {
            throw EngineFailure(
                .model,
                "\(folder.path("vocab.json")) has more tokens than the CLIP",
                hint: "use the file that came with the model"
            )
        }
        return vocabulary
    }

    /// The pairs of `merges.txt`, one a line; the first line may name the version, which OpenAI's own file does after
    /// its own name.
    private static func merges(_ folder: ModelFolder) throws(EngineFailure) -> [(String, String)] {
        let text = String(decoding: try folder.data("merges.txt"), as: UTF8.self)
        var merges: [(String, String)] = []
        for line in text.split(whereSeparator: \.isNewline) where !line.contains("#version:") {
            let parts = line.split(separator: " ")
            guard parts.count == 2 else {
                throw EngineFailure(
                    .model,
                    "\(folder.path("merges.txt")) has a line that is not a pair: '\(line.prefix(40))'",
                    hint: "use the file that came with the model"
                )
            }
            merges.append((String(parts[0]), String(parts[1])))
        }
        return merges
    }
}
