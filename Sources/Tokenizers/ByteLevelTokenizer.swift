/// OpenAI CLIP's tokenizer: byte pairs over the UTF-8 bytes of each word, with the end mark `</w>`, so that no text
/// lies outside the vocabulary.
///
/// The text is cleaned first, see ``TextCleaner``. `<|startoftext|>` and `<|endoftext|>` in a text become the marks
/// themselves, as in OpenAI's.
public struct ByteLevelTokenizer: Tokenizer {
    public let marks: TokenMarks
    private let encoder: BytePairEncoder
    private let pieces: [Int: String]

    /// - Parameters:
    ///   - vocabulary: ids by part; `nil` numbers them as OpenAI does: the alphabet, the alphabet with end marks, the
    ///     merges, the start and the end mark.
    ///   - merges: pairs in the order in which they are to be joined.
    public init(vocabulary: [String: Int]?, merges: [(String, String)], marks: TokenMarks) {
        self.marks = marks
        let vocabulary = vocabulary ?? Self.vocabulary(of: merges)
        encoder = BytePairEncoder(vocabulary: vocabulary, merges: merges)
        pieces = Dictionary(vocabulary.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func vocabulary(of merges: [(String, String)]) -> [String: Int] {
        let letters = ByteAlphabet.ordered
        let parts = letters + letters.map { $0 + "</w>" } + merges.map { $0.0 + $0.1 }
        return Dictionary(zip(parts, parts.indices), uniquingKeysWith: { _, last in last })
    }

    public func encode(_ text: String) -> [Int] {
        WordSplitter.words(of: TextCleaner.cleaned(text)).flatMap { word in
            switch word {
            case WordSplitter.startMark: [marks.start]
            case WordSplitter.endMark: [marks.end]
            default: encoder.encode(word, Self.symbols(of: word))
            }
        }
    }

    private static func symbols(of word: String) -> [String] {
        var symbols = word.utf8.map { ByteAlphabet.letters[Int($0)] }
        if let last = symbols.popLast() { symbols.append(last + "</w>") }
        return symbols
    }

    public func piece(_ id: Int) -> String? {
        if id == marks.start { return WordSplitter.startMark }
        if id == marks.end { return WordSplitter.endMark }
        return pieces[id].map(ByteAlphabet.readable)
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

    private static let byteOfLetter = Dictionary(
        zip(ordered.flatMap(\.unicodeScalars), bytes.map { UInt8($0) }),
        uniquingKeysWith: { first, _ in first }
    )

    /// A part of the vocabulary as text, with `<e2>` for bytes that are not whole characters.
    static func readable(_ part: String) -> String {
        let isEnd = part.hasSuffix("</w>")
        let letters = isEnd ? part.dropLast(4) : part[...]
        var bytes = letters.unicodeScalars.compactMap { byteOfLetter[$0] }[...]
        var text = ""
        while let byte = bytes.first {
            let length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2
            if let character = String(validating: bytes.prefix(length), as: UTF8.self) {
                text += character
                bytes = bytes.dropFirst(length)
            } else {
                text += "<" + String(byte, radix: 16) + ">"
                bytes = bytes.dropFirst()
            }
        }
        return text + (isEnd ? "</w>" : "")
    }
}

/// Splits a cleaned text into words: the two marks, contractions, runs of letters, single digits, runs of other visible
/// characters.
enum WordSplitter {
    static let startMark = "<|startoftext|>"
    static let endMark = "<|endoftext|>"

    private static let marks = [startMark, endMark].map { Array($0.unicodeScalars) }
    private static let contractions = ["s", "t", "re", "ve", "m", "ll", "d"].map { Array($0.unicodeScalars) }

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
        let first = scalars[start]
        if first == "<", let mark = marks.first(where: { scalars[start...].starts(with: $0) }) {
            return start + mark.count
        }
        if first == "'", let letters = contractions.first(where: { Self.starts(scalars[(start + 1)...], with: $0) }) {
            return start + 1 + letters.count
        }
        func run(_ belongs: (Unicode.Scalar) -> Bool) -> Int {
            scalars[start...].firstIndex { !belongs($0) } ?? scalars.count
        }
        if first.isLetter { return run(\.isLetter) }
        if first.isNumber { return start + 1 }
        return run { !$0.isSpace && !$0.isLetter && !$0.isNumber }
    }

    /// Whether lower-cased text begins so, the long s being an s as in any comparison without regard to case.
    private static func starts(_ text: ArraySlice<Unicode.Scalar>, with letters: [Unicode.Scalar]) -> Bool {
        text.count >= letters.count && zip(text, letters).allSatisfy { $0 == $1 || ($0 == "\u{17F}" && $1 == "s") }
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
