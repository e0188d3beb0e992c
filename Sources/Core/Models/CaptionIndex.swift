import Foundation

/// Captions by their words, to find those that share the rarest words with a text: tf-idf vectors and their cosine
/// ("Term-weighting approaches in automatic text retrieval", Salton and Buckley, 1988), with an emphasis on what a
/// picture shows over where it is.
///
/// The index is made at the first use. Plain plurals count as their singulars.
final class CaptionIndex {
    private struct Entries {
        /// For each word, the captions that have it, with the emphasis it has there.
        var captions: [String: [(caption: Int, emphasis: Double)]] = [:]
        /// For each caption, the length of its vector.
        var lengths: [Double]
    }

    /// What stands before the first of these is what a picture shows; what follows says where and how.
    private static let prepositions: Set<String> = [
        "in", "on", "at", "with", "by", "near", "behind", "beside", "before", "next", "front", "from", "through",
        "during",
    ]
    private static let subjectEmphasis = 1.6

    private let texts: [String]
    private lazy var entries = makeEntries()

    init(_ captions: [String]) { texts = captions }

    /// Adds `factor` times the cosine between each caption and the text to the caption's score.
    func add(to scores: inout [Double], likenessTo text: String, times factor: Double) {
        let weighted = Self.words(of: text).map { (word: $0.word, weight: rarity(of: $0.word) * $0.emphasis) }
        let length = weighted.map { $0.weight * $0.weight }.reduce(0, +).squareRoot()
        guard length > 0 else { return }
        for (word, weight) in weighted {
            let share = factor * weight * rarity(of: word) / length
            for (caption, emphasis) in entries.captions[word] ?? [] {
                scores[caption] += share * emphasis / entries.lengths[caption]
            }
        }
    }

    /// How much of a text some captions have together: the share of its words' weights, of those that any caption has.
    func share(of text: String, in captions: [Int]) -> Double {
        let had = Set(captions.flatMap { Self.words(of: texts[$0]).map(\.word) })
        var (found, all) = (0.0, 0.0)
        for (word, emphasis) in Self.words(of: text) where entries.captions[word] != nil {
            let weight = rarity(of: word) * emphasis
            all += weight
            if had.contains(word) { found += weight }
        }
        return all > 0 ? found / all : 1
    }

    /// Whether a text says that its subject is in the air.
    static func saysAbove(_ text: String) -> Bool {
        words(of: text).contains { ["over", "above", "flying", "sky"].contains($0.word) }
    }

    /// The inverse document frequency; a word of no caption is the rarest.
    private func rarity(of word: String) -> Double {
        log(Double(texts.count + 1) / Double((entries.captions[word]?.count ?? 0) + 1))
    }

    private func makeEntries() -> Entries {
        var entries = Entries(lengths: Array(repeating: 0, count: texts.count))
        for (index, text) in texts.enumerated() {
            for (word, emphasis) in Self.words(of: text) {
                entries.captions[word, default: []].append((index, emphasis))
            }
        }
        for captions in entries.captions.values {
            let rarity = log(Double(texts.count + 1) / Double(captions.count + 1))
            for (caption, emphasis) in captions { entries.lengths[caption] += rarity * rarity * emphasis * emphasis }
        }
        entries.lengths = entries.lengths.map { max($0.squareRoot(), 1e-9) }
        return entries
    }

    /// The different words of a text, in a fixed order so that sums come out alike.
    private static func words(of text: String) -> [(word: String, emphasis: Double)] {
        var words: [String: Double] = [:]
        var emphasis = subjectEmphasis
        for part in text.lowercased().utf8.split(whereSeparator: { !isPartOfWord($0) }) {
            let word = String(Substring(part))
            if prepositions.contains(word) { emphasis = 1 }
            words[singular(word)] = max(words[singular(word)] ?? 0, emphasis)
        }
        return words.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
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
