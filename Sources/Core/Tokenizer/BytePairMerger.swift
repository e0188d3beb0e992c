import Synchronization

/// Byte-pair encoding ("Neural Machine Translation of Rare Words with Subword Units", Sennrich et al., 2016): joins
/// the symbols of a word pair by pair, the most frequent pair of the training text first.
///
/// Remembers words, so that counting while a user types costs only the word that changes.
final class BytePairMerger: Sendable {
    private struct Pair: Hashable {
        let first: String
        let second: String
    }

    /// Words remembered before the memory is emptied.
    private static let memoryLimit = 8192

    /// The lower, the earlier.
    private let ranks: [Pair: Int]
    private let memory = Mutex<[String: [String]]>([:])

    /// - Parameter merges: pairs in the order in which they are to be joined.
    init(merges: [(String, String)]) {
        var ranks: [Pair: Int] = [:]
        for (rank, merge) in merges.enumerated() { ranks[Pair(first: merge.0, second: merge.1)] = rank }
        self.ranks = ranks
    }

    /// The parts of a word.
    /// - Parameters:
    ///   - word: what to remember the result by.
    ///   - symbols: the word's characters, the last with the end mark.
    func parts(of word: String, _ symbols: @autoclosure () -> [String]) -> [String] {
        if let known = memory.withLock({ $0[word] }) { return known }
        let parts = merged(symbols())
        memory.withLock { words in
            if words.count >= Self.memoryLimit { words.removeAll() }
            words[word] = parts
        }
        return parts
    }

    private func merged(_ symbols: [String]) -> [String] {
        var parts = symbols
        while let pair = earliestPair(in: parts) {
            var joined: [String] = []
            var index = 0
            while index < parts.count {
                if index + 1 < parts.count, parts[index] == pair.first, parts[index + 1] == pair.second {
                    joined.append(pair.first + pair.second)
                    index += 2
                } else {
                    joined.append(parts[index])
                    index += 1
                }
            }
            parts = joined
        }
        return parts
    }

    private func earliestPair(in parts: [String]) -> Pair? {
        var best: (pair: Pair, rank: Int)?
        for (first, second) in zip(parts, parts.dropFirst()) {
            let pair = Pair(first: first, second: second)
            if let rank = ranks[pair], best.map({ rank < $0.rank }) ?? true { best = (pair, rank) }
        }
        return best?.pair
    }
}
