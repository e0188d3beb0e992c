import Foundation

/// Captions by their words, to find those that share the rarest words with a text: tf-idf vectors and their cosine
/// ("Term-weighting approaches in automatic text retrieval", Salton and Buckley, 1988).
///
/// The index is made at the first use. Plain plurals count as their singulars.
final class CaptionIndex {
    private struct Entries {
        /// For each word, the captions that have it.
        var captions: [String: [Int]] = [:]
        /// For each caption, the length of its vector.
        var lengths: [Double]
    }

    private let texts: [String]
    private lazy var entries = makeEntries()

    init(_ captions: [String]) { texts = captions }

    /// Adds `factor` times the cosine between each caption and the text to the caption's score.
    func add(to scores: inout [Double], likenessTo text: String, times factor: Double) {
        let words = Self.words(of: text)
        let length = words.map { rarity(of: $0) * rarity(of: $0) }.reduce(0, +).squareRoot()
        guard length > 0 else { return }
        for word in words {
            let share = factor * rarity(of: word) * rarity(of: word) / length
            for caption in entries.captions[word] ?? [] { scores[caption] += share / entries.lengths[caption] }
        }
    }

    /// The inverse document frequency; a word of no caption is the rarest.
    private func rarity(of word: String) -> Double {
        log(Double(texts.count + 1) / Double((entries.captions[word]?.count ?? 0) + 1))
    }

    private func makeEntries() -> Entries {
        var entries = Entries(lengths: Array(repeating: 0, count: texts.count))
        for (index, text) in texts.enumerated() {
            for word in Self.words(of: text) { entries.captions[word, default: []].append(index) }
        }
        for captions in entries.captions.values {
            let rarity = log(Double(texts.count + 1) / Double(captions.count + 1))
            for caption in captions { entries.lengths[caption] += rarity * rarity }
        }
        entries.lengths = entries.lengths.map { max($0.squareRoot(), 1e-9) }
        return entries
    }

    /// The different words of a text, in a fixed order so that sums come out alike.
    private static func words(of text: String) -> [String] {
        var words: Set<String> = []
        for part in text.lowercased().utf8.split(whereSeparator: { !isPartOfWord($0) }) {
            words.insert(singular(String(Substring(part))))
        }
        return words.sorted()
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xFF: true
        default: false
        }
    }

    private static func singular(_ word: String) -> String {
        word.count > 3 && word.hasSuffix("s") && !word.hasSuffix("ss") ? String(word.dropLast()) : word
    }
}
