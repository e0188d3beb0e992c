/// The built-in pair's tokenizer: lower-cased runs of word characters or of other visible ones, joined by byte pairs
/// with the end mark `</w>`. Characters that the vocabulary lacks are dropped.
struct WordTokenizer: Tokenizer {
    let marks: TokenMarks
    private let vocabulary: [String: Int]
    private let merger: BytePairMerger

    init(vocabulary: [String: Int], merges: [(String, String)], marks: TokenMarks) {
        self.vocabulary = vocabulary
        self.marks = marks
        merger = BytePairMerger(merges: merges)
    }

    func encode(_ text: String) -> [Int] {
        Self.words(of: text.lowercased()).flatMap { word in
            merger.parts(of: word, Self.symbols(of: word)).compactMap { vocabulary[$0] }
        }
    }

    private static func symbols(of word: String) -> [String] {
        var symbols = word.unicodeScalars.map { String($0) }
        if let last = symbols.popLast() { symbols.append(last + "</w>") }
        return symbols
    }

    /// The matches of the regular expression `\w+|[^\w\s]+` over Unicode scalars.
    private static func words(of text: String) -> [String] {
        enum Kind { case word, other, space }
        var words: [String] = []
        var current = String.UnicodeScalarView()
        var kind = Kind.space
        for scalar in text.unicodeScalars {
            let next: Kind = scalar.isWordCharacter ? .word : scalar.isSpace ? .space : .other
            if next != kind, !current.isEmpty {
                words.append(String(current))
                current.removeAll()
            }
            kind = next
            if kind != .space { current.append(scalar) }
        }
        if !current.isEmpty { words.append(String(current)) }
        return words
    }
}

extension Unicode.Scalar {
    /// A letter of any script.
    var isLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// What `\w` matches: letters, numbers and the underscore.
    var isWordCharacter: Bool { isLetter || properties.numericType != nil || self == "_" }

    /// What `\s` matches.
    var isSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
