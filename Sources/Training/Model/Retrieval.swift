/// How well texts find their pictures among all of them.
struct Retrieval {
    /// Similarity of text and picture, row by row of texts.
    private let similar: [Float]
    private let captions: [String]

    /// - Parameter similar: [N · N].
    init(_ similar: [Float], captions: [String]) {
        self.similar = similar
        self.captions = captions
    }

    private var count: Int { captions.count }

    /// The share of texts for which a picture with that caption is among the best `k`.
    func recall(_ k: Int) -> Double {
        guard count > 0 else { return 0 }
        let hits = (0..<count).filter { text in
            let row = similar[text * count..<(text + 1) * count]
            var own = -Float.infinity
            for (picture, value) in row.enumerated() where captions[picture] == captions[text] { own = max(own, value) }
            var better = 0
            for (picture, value) in row.enumerated() where value >= own && captions[picture] != captions[text] {
                better += 1
            }
            return better < k
        }
        return Double(hits.count) / Double(count)
    }

    /// The pictures most similar to a text, the best first.
    func best(_ k: Int, for text: Int) -> [Int] {
        let row = Array(similar[text * count..<(text + 1) * count])
        return Array(row.indices.sorted { row[$0] != row[$1] ? row[$0] > row[$1] : $0 < $1 }.prefix(k))
    }

    /// Texts with different captions, spread over all.
    func examples(_ number: Int) -> [Int] {
        var seen: Set<String> = []
        let distinct = (0..<count).filter { seen.insert(captions[$0]).inserted }
        let stride = max(1, distinct.count / max(1, number))
        return Array(Swift.stride(from: 0, to: distinct.count, by: stride).map { distinct[$0] }.prefix(number))
    }
}
