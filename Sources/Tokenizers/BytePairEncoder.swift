import Synchronization

/// Byte-pair encoding ("Neural Machine Translation of Rare Words with Subword Units", Sennrich et al., 2016): joins
/// the symbols of a word pair by pair, the most frequent pair of the training text first.
///
/// Remembers words, so that counting while a user types costs only the word that changes.
final class BytePairEncoder: Sendable {
    private struct Rule {
        /// The lower, the earlier.
        let rank: UInt32
        /// The symbol that the pair becomes.
        let joined: Int32
    }

    /// Words remembered before the memory is emptied, and the longest of them.
    private static let memoryLimit = (words: 8192, length: 64)

    /// The vocabulary's ids, and others from ``firstUnknown`` on for what occurs only on the way to a part.
    private let symbols: [String: Int32]
    private let firstUnknown: Int32
    /// By the two symbols of the pair.
    private let rules: [UInt64: Rule]
    private let memory = Mutex<[String: [Int]]>([:])

    /// - Parameters:
    ///   - vocabulary: ids by part, each 0…1,000,000,000.
    ///   - merges: pairs in the order in which they are to be joined.
    init(vocabulary: [String: Int], merges: [(String, String)]) {
        var symbols = vocabulary.mapValues { Int32(max(0, min($0, 1_000_000_000))) }
        let first = (symbols.values.max() ?? -1) + 1
        var next = first
        func symbol(_ text: String) -> Int32 {
            if let known = symbols[text] { return known }
            symbols[text] = next
            next += 1
            return next - 1
        }
        var rules: [UInt64: Rule] = [:]
        rules.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() {
            let pair = Self.pair(symbol(merge.0), symbol(merge.1))
            rules[pair] = Rule(rank: UInt32(clamping: rank), joined: symbol(merge.0 + merge.1))
        }
        self.symbols = symbols
        self.rules = rules
        firstUnknown = first
    }

    private static func pair(_ first: Int32, _ second: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    }

    /// The ids of a word's parts; those that the vocabulary lacks are left out.
    /// - Parameters:
    ///   - word: what to remember the result by.
    ///   - characters: the word's characters, the last with the end mark.
    func encode(_ word: String, _ characters: @autoclosure () -> [String]) -> [Int] {
        if let known = memory.withLock({ $0[word] }) { return known }
        var merging = Merging(characters().map { symbols[$0] ?? -1 })
        let ids = merging.joined(rules).filter { (0..<firstUnknown).contains($0) }.map(Int.init)
        if word.utf8.count <= Self.memoryLimit.length {
            memory.withLock { words in
                if words.count >= Self.memoryLimit.words { words.removeAll() }
                words[word] = ids
            }
        }
        return ids
    }

    /// A word while its symbols are joined: a linked list and a queue of the pairs that have a rule, so that a word of
    /// a million characters takes no more than n log n steps.
    private struct Merging {
        private var symbols: [Int32]
        /// The place of the next symbol, `symbols.count` after the last; -1 for a symbol that was joined to another.
        private var next: [Int]
        private var previous: [Int]
        private var queue = MergeQueue()

        init(_ symbols: [Int32]) {
            self.symbols = symbols
            next = Array(1..<(symbols.count + 1))
            previous = Array(-1..<(symbols.count - 1))
        }

        /// Joins all occurrences of the earliest pair from left to right, then looks for the earliest pair again.
        mutating func joined(_ rules: [UInt64: Rule]) -> [Int32] {
            for place in symbols.indices { enqueue(place, rules) }
            while let first = queue.popFirst() {
                var changed: [Int] = []
                var entry: MergeQueue.Entry? = first
                while let current = entry {
                    if let rule = rule(at: current.place, rules), rule.rank == first.rank {
                        join(at: current.place, to: rule.joined)
                        changed.append(current.place)
                    }
                    entry = queue.first?.rank == first.rank ? queue.popFirst() : nil
                }
                for place in changed where next[place] >= 0 {
                    if previous[place] >= 0 { enqueue(previous[place], rules) }
                    enqueue(place, rules)
                }
            }
            return symbols.indices.compactMap { next[$0] < 0 ? nil : symbols[$0] }
        }

        private mutating func join(at place: Int, to symbol: Int32) {
            let taken = next[place]
            symbols[place] = symbol
            next[place] = next[taken]
            next[taken] = -1
            if next[place] < symbols.count { previous[next[place]] = place }
        }

        private func rule(at place: Int, _ rules: [UInt64: Rule]) -> Rule? {
            guard next[place] >= 0, next[place] < symbols.count else { return nil }
            return rules[BytePairEncoder.pair(symbols[place], symbols[next[place]])]
        }

        private mutating func enqueue(_ place: Int, _ rules: [UInt64: Rule]) {
            guard let rule = rule(at: place, rules) else { return }
            queue.insert(MergeQueue.Entry(rank: rule.rank, place: place))
        }
    }
}

/// Pairs that wait to be joined, the earliest rule first and then from left to right: a binary heap.
private struct MergeQueue {
    struct Entry {
        let rank: UInt32
        let place: Int

        static func < (a: Entry, b: Entry) -> Bool { (a.rank, a.place) < (b.rank, b.place) }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0, entries[child] < entries[(child - 1) / 2] {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if entries.isEmpty { return first }
        entries[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { return first }
            if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
            guard entries[child] < entries[parent] else { return first }
            entries.swapAt(child, parent)
            parent = child
        }
    }
}
