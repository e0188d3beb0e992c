/// The built-in pair's tokenizer: lower-cased runs of word characters or of other visible ones, joined by byte pairs
/// with the end mark `</w>`. Characters that the vocabulary lacks are dropped.
public struct WordTokenizer: Tokenizer {
    public let marks: TokenMarks
    private let encoder: BytePairEncoder
    private let pieces: [Int: String]

    /// - Parameters:
    ///   - vocabulary: ids by part.
    ///   - merges: pairs in the order in which they are to be joined.
    public init(vocabulary: [String: Int], merges: [(String, String)], marks: TokenMarks) {
        self.marks = marks
        encoder = BytePairEncoder(vocabulary: vocabulary, merges: merges)
        pieces = Dictionary(vocabulary.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    public func encode(_ text: String) -> [Int] {
        Self.words(of: text.lowercased()).flatMap { encoder.encode($0, Self.symbols(of: $0)) }
    }

    public func piece(_ id: Int) -> String? { pieces[id] }

    /// The letters of a word, the last with the end mark.
    package static func symbols(of word: String) -> [String] {
        var symbols = word.unicodeScalars.map { String($0) }
        if let last = symbols.popLast() { symbols.append(last + "</w>") }
        return symbols
    }

    /// The matches of the regular expression `\w+|[^\w\s]+` over Unicode scalars.
    package static func words(of text: String) -> [String] {
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
