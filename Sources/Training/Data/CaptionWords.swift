import Foundation

/// The words of captions that are worth predicting from a picture.
struct CaptionWords: Sendable {
    /// In the order of the alphabet.
    let words: [String]
    private let places: [String: Int]

    private static let idle: Set<String> = [
        "a", "an", "and", "above", "at", "by", "for", "from", "front", "illustration", "image", "in", "is", "it",
        "near",
        "next", "of", "on", "over", "picture", "the", "this", "to", "under", "view", "with",
    ]
    private static let mostWords = 4096

    init(_ words: [String]) {
        self.words = words
        places = Dictionary(words.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    /// Words that occur in enough captions, at most so many of them.
    init(of captions: [String]) {
        let least = max(2, min(15, captions.count / 200))
        var counts: [String: Int] = [:]
        for caption in captions { for word in Set(Self.split(caption)) { counts[word, default: 0] += 1 } }
        let frequent = counts.filter { $0.value >= least && !Self.idle.contains($0.key) }
            .sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
        self.init(frequent.prefix(Self.mostWords).map(\.key).sorted())
    }

    /// Equal shares for the known words of a caption, which add up to 1; zeros without any.
    func shares(_ caption: String) -> [Float] {
        var shares = [Float](repeating: 0, count: words.count)
        let found = Set(Self.split(caption).compactMap { places[$0] })
        for place in found { shares[place] = 1 / Float(found.count) }
        return shares
    }

    private static func split(_ caption: String) -> [String] {
        caption.lowercased().split { !($0.isLetter || $0 == "'") }.map(String.init)
    }
}
