import EngineKit
import Foundation

/// The parts that a tokenizer joins words from, as read from its files.
struct Vocabulary {
    /// Ids by part; `nil` where they follow from the order of the merges.
    let ids: [String: Int]?
    /// In the order in which they are to be joined.
    let merges: [(String, String)]
    /// The file, for messages.
    let path: String

    /// Larger files are no vocabularies.
    private static let limit = 64 << 20

    /// Reads `vocab.json` and `merges.txt`.
    /// - Throws: ``EngineFailure`` naming the file.
    init(vocabulary: URL, merges: URL) throws(EngineFailure) {
        ids = try Self.decoded([String: Int].self, vocabulary)
        self.merges = try Self.merges(of: merges)
        path = vocabulary.path
    }

    /// Reads a list of merges, which may be packed with gzip.
    /// - Throws: ``EngineFailure`` naming the file.
    init(merges: URL) throws(EngineFailure) {
        ids = nil
        self.merges = try Self.merges(of: merges)
        path = merges.path
    }

    /// Reads the `tokenizer.json` of Hugging Face's tokenizers.
    /// - Throws: ``EngineFailure`` naming the file, also for a tokenizer of another kind.
    init(document: URL) throws(EngineFailure) {
        let kind = try Self.decoded(TokenizerKindDocument.self, document)
        guard kind.model.type ?? "BPE" == "BPE", kind.model.suffix == "</w>" else {
            let found = kind.model.type == "BPE" ? "a BPE without the end mark </w>" : kind.model.type ?? "unknown"
            throw EngineFailure(
                .model,
                "\(document.path) is a tokenizer of another kind (\(found)) than CLIP's",
                hint: "choose a CLIP whose text tower reads byte pairs, as OpenAI's do"
            )
        }
        let content = try Self.decoded(TokenizerDocument.self, document)
        ids = content.model.vocab
        merges = content.model.merges.map { ($0.first, $0.second) }
        path = document.path
    }

    private static func bytes(of file: URL) throws(EngineFailure) -> [UInt8] {
        func refusal(_ problem: String) -> EngineFailure {
            EngineFailure(.model, problem, hint: "restore the file or choose another model")
        }
        let path = file.resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            throw refusal("\(file.deletingLastPathComponent().path) has no \(file.lastPathComponent)")
        }
        // A pipe would never end.
        guard attributes[.type] as? FileAttributeType == .typeRegular, attributes[.size] as? Int ?? 0 <= limit,
            let data = FileManager.default.contents(atPath: path)
        else { throw refusal("\(file.path) cannot be read") }
        return [UInt8](data)
    }

    private static func decoded<Value: Decodable>(_ type: Value.Type, _ file: URL) throws(EngineFailure) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(try bytes(of: file)))
        } catch let failure as EngineFailure {
            throw failure
        } catch {
            throw EngineFailure(
                .model,
                "\(file.path) is not a vocabulary",
                hint: "restore the file or choose another model"
            )
        }
    }

    /// The pairs of a list, one a line; the first line may name the version, which OpenAI's own file does after its own
    /// name.
    private static func merges(of file: URL) throws(EngineFailure) -> [(String, String)] {
        var bytes = try bytes(of: file)
        if Gzip.isGzip(bytes) {
            guard let unpacked = Gzip.unpacked(bytes, limit: limit) else {
                throw EngineFailure(
                    .model,
                    "\(file.path) is damaged or cut off",
                    hint: "restore the file or choose another model"
                )
            }
            bytes = unpacked
        }
        var merges: [(String, String)] = []
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let parts = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
            if merges.isEmpty, parts.contains(where: { $0.hasSuffix("#version:") }) { continue }
            guard parts.count == 2 else {
                throw EngineFailure(
                    .model,
                    "\(file.path) has a line that is not a pair: '\(String(decoding: line.prefix(40), as: UTF8.self))'",
                    hint: "use the file that came with the model"
                )
            }
            merges.append((parts[0], parts[1]))
        }
        return merges
    }
}

/// As much of a `tokenizer.json` as tells of which kind it is.
private struct TokenizerKindDocument: Decodable {
    struct Model: Decodable {
        let type: String?
        let suffix: String?

        private enum CodingKeys: String, CodingKey {
            case type
            case suffix = "end_of_word_suffix"
        }
    }

    let model: Model
}

private struct TokenizerDocument: Decodable {
    struct Model: Decodable {
        let vocab: [String: Int]
        let merges: [Merge]
    }

    /// A pair, which older files write as one string with a space in it.
    struct Merge: Decodable {
        let first: String
        let second: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let parts =
                if let text = try? container.decode(String.self) {
                    text.split(separator: " ").map(String.init)
                } else {
                    try container.decode([String].self)
                }
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "a merge is not a pair")
            }
            (first, second) = (parts[0], parts[1])
        }
    }

    let model: Model
}
