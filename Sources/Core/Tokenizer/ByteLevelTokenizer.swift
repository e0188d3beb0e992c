/// OpenAI CLIP's tokenizer: the UTF-8 bytes of words, written in a printable alphabet and joined by byte pairs with the
/// end mark `</w>`.
///
/// Texts are cleaned first: HTML entities, runs of spaces and upper case go. Of the repairs that ftfy makes in OpenAI's
/// own tokenizer, only straight quotes for curly ones are made.
struct ByteLevelTokenizer: Tokenizer {
    let marks: TokenMarks
    private let vocabulary: [String: Int]
    private let merger: BytePairMerger

    /// - Parameter vocabulary: ids by part; `nil` numbers them as OpenAI does: the alphabet, the alphabet with end marks,
    ///   the merges, the start and the end mark.
    init(vocabulary: [String: Int]?, merges: [(String, String)], marks: TokenMarks) {
        self.marks = marks
        self.vocabulary = vocabulary ?? Self.vocabulary(of: merges)
        merger = BytePairMerger(merges: merges)
    }

    private static func vocabulary(of merges: [(String, String)]) -> [String: Int] {
        let letters = ByteAlphabet.ordered
        let parts = letters + letters.map { $0 + "</w>" } + merges.map { $0.0 + $0.1 }
        return Dictionary(zip(parts, parts.indices), uniquingKeysWith: { first, _ in first })
    }

    func encode(_ text: String) -> [Int] {
        WordSplitter.words(of: TextCleaner.cleaned(text)).flatMap { word in
            merger.parts(of: word, Self.symbols(of: word)).compactMap { vocabulary[$0] }
        }
    }

    private static func symbols(of word: String) -> [String] {
        var symbols = word.utf8.map { ByteAlphabet.letters[Int($0)] }
        if let last = symbols.popLast() { symbols.append(last + "</w>") }
        return symbols
    }
}

/// The 256 bytes as printable characters, as in GPT-2: those that are printable in Latin-1 stand for themselves, the
/// others for the characters from U+0100 on.
enum ByteAlphabet {
    private static let printable = Array(33...126) + Array(161...172) + Array(174...255)

    /// By byte.
    static let letters: [String] = {
        var letters = [String](repeating: "", count: 256)
        for (byte, letter) in zip(bytes, ordered) { letters[byte] = letter }
        return letters
    }()

    /// In the order of OpenAI's vocabulary.
    static let ordered: [String] = {
        let others = (0..<(256 - printable.count)).map { 256 + $0 }
        return (printable + others).compactMap { Unicode.Scalar($0).map { String($0) } }
    }()

    private static let bytes = printable + (0...255).filter { !printable.contains($0) }
}

/// Splits a cleaned text into words: contractions, runs of letters, single digits, runs of other visible characters.
enum WordSplitter {
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

    static func words(of text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        var words: [String] = []
        var start = 0
        while start < scalars.count {
            let end = endOfWord(scalars, start)
            if end > start {
                var view = String.UnicodeScalarView()
                view.append(contentsOf: scalars[start..<end])
                words.append(String(view))
            }
            start = max(end, start + 1)
        }
        return words
    }

    /// The end of the word that begins at `start`; `start` itself for a space.
    private static func endOfWord(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
        for contraction in contractions where scalars[start...].starts(with: contraction) {
            return start + contraction.count
        }
        func run(_ belongs: (Unicode.Scalar) -> Bool) -> Int {
            scalars[start...].firstIndex { !belongs($0) } ?? scalars.count
        }
        if scalars[start].isLetter { return run(\.isLetter) }
        if scalars[start].isNumber { return start + 1 }
        return run { !$0.isSpace && !$0.isLetter && !$0.isNumber }
    }
}

extension Unicode.Scalar {
    /// A digit or another number, `\p{N}`.
    fileprivate var isNumber: Bool {
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: true
        default: false
        }
    }
}
