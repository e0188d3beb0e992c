import EngineKit
import Foundation
import Tokenizers

/// A vocabulary of word parts, learned from texts by byte-pair encoding ("Neural Machine Translation of Rare Words with
/// Subword Units", Sennrich et al., 2016) in the form that ``WordTokenizer`` reads.
struct WordVocabulary {
    /// Parts by their id; the first three are the marks.
    let parts: [String]
    /// In the order in which they are joined.
    let merges: [(String, String)]

    private static let marks = ["<pad>", "<sot>", "<eot>"]
    private static let alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-',."

    private struct Pair: Hashable {
        let first: String
        let second: String
    }

    /// A word in its parts, as often as it occurs.
    private struct Word {
        var parts: [String]
        let count: Int
    }

    /// Joins the most frequent pair of neighbours over and over, until there are `size` parts or no pair occurs twice.
    init(learnedFrom texts: [String], size: Int) {
        var counts: [String: Int] = [:]
        for text in texts {
            for word in WordTokenizer.words(of: text.lowercased()) { counts[word, default: 0] += 1 }
        }
        var words = counts.sorted { $0.key < $1.key }.map {
            Word(parts: WordTokenizer.symbols(of: $0.key), count: $0.value)
        }
        let letters = Set(words.flatMap(\.parts)).union(Self.alphabet.map(String.init))
            .union(Self.alphabet.map { "\($0)</w>" })
        var parts = Self.marks + letters.sorted()
        var known = Set(parts)
        var merges: [(String, String)] = []
        var pairs = Pairs(words.map(\.parts), counts: words.map(\.count))
        while parts.count < size, let best = pairs.mostFrequent() {
            let joined = best.first + best.second
            merges.append((best.first, best.second))
            if known.insert(joined).inserted { parts.append(joined) }
            for index in pairs.places(of: best) {
                let old = words[index].parts
                let new = Self.join(old, best, joined)
                pairs.replace(old, by: new, count: words[index].count, word: index)
                words[index].parts = new
            }
        }
        (self.parts, self.merges) = (parts, merges)
    }

    private static func join(_ parts: [String], _ pair: Pair, _ joined: String) -> [String] {
        var result: [String] = []
        var index = 0
        while index < parts.count {
            if index + 1 < parts.count, parts[index] == pair.first, parts[index + 1] == pair.second {
                result.append(joined)
                index += 2
            } else {
                result.append(parts[index])
                index += 1
            }
        }
        return result
    }

    /// How often each pair of neighbours occurs, and in which words.
    private struct Pairs {
        private var counts: [Pair: Int] = [:]
        private var words: [Pair: Set<Int>] = [:]

        init(_ parts: [[String]], counts: [Int]) {
            for (index, word) in parts.enumerated() { change(word, by: counts[index], word: index, isThere: true) }
        }

        /// Of equally frequent ones the first in the order of letters, so that the outcome is always the same.
        func mostFrequent() -> Pair? {
            let best = counts.max { a, b in
                a.value != b.value
                    ? a.value < b.value : (b.key.first, b.key.second) < (a.key.first, a.key.second)
            }
            return best.flatMap { $0.value >= 2 ? $0.key : nil }
        }

        func places(of pair: Pair) -> [Int] { (words[pair] ?? []).sorted() }

        mutating func replace(_ old: [String], by new: [String], count: Int, word: Int) {
            change(old, by: -count, word: word, isThere: false)
            change(new, by: count, word: word, isThere: true)
        }

        private mutating func change(_ parts: [String], by amount: Int, word: Int, isThere: Bool) {
            for (first, second) in zip(parts, parts.dropFirst()) {
                let pair = Pair(first: first, second: second)
                let count = (counts[pair] ?? 0) + amount
                counts[pair] = count > 0 ? count : nil
                if isThere { words[pair, default: []].insert(word) } else { words[pair]?.remove(word) }
            }
        }
    }

    /// `vocab.json` and `merges.txt`.
    func files() throws -> [String: Data] {
        let ids = Dictionary(uniqueKeysWithValues: parts.enumerated().map { ($0.element, $0.offset) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let lines = ["#version: 0.2"] + merges.map { "\($0.0) \($0.1)" }
        return ["vocab.json": try encoder.encode(ids), "merges.txt": Data((lines.joined(separator: "\n") + "\n").utf8)]
    }

    /// The files of a tokenizer that is there already.
    /// - Throws: ``EngineFailure`` naming the file that is missing.
    static func files(in folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in ["vocab.json", "merges.txt"] {
            let path = URL(filePath: folder).appending(path: name).path
            guard let data = FileManager.default.contents(atPath: path) else {
                throw EngineFailure(.file, "\(path) cannot be read", hint: "give --tokenizer a folder that has it")
            }
            files[name] = data
        }
        return files
    }

    /// How many ids the files' tokenizer has.
    static func count(_ files: [String: Data]) throws -> Int {
        guard let data = files["vocab.json"], let ids = try? JSONDecoder().decode([String: Int].self, from: data),
            let greatest = ids.values.max(), ids["<sot>"] != nil
        else {
            throw EngineFailure(
                .file,
                "the tokenizer is not one of words",
                hint: "leave --tokenizer away to learn one from the captions"
            )
        }
        return greatest + 1
    }
}
