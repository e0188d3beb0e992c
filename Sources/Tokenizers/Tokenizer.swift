public import EngineKit

/// A text as a CLIP's text tower takes it.
public struct TokenWindow: Sendable, Hashable {
    /// Start mark, tokens, end mark, padding up to the context length.
    public let ids: [Int64]
    /// Whether tokens were left out at the end.
    public let isTruncated: Bool
}

/// Turns texts into the tokens of a CLIP.
public protocol Tokenizer: TokenCounting {
    /// The ids of all tokens of a text, without marks.
    func encode(_ text: String) -> [Int]
    /// A token as readable text: `</w>` at its end stands for the end of a word, bytes that are no characters by
    /// themselves are written as `<e2>`. `nil` for an id that is not in the vocabulary.
    func piece(_ id: Int) -> String?
    var marks: TokenMarks { get }
}

/// Which of the tokenizers a CLIP was trained with.
public enum TokenizerKind: String, Sendable, Codable {
    /// ``WordTokenizer``.
    case words
    /// ``ByteLevelTokenizer``.
    case bytes
}

/// The ids around a text, and how many places there are in all.
public struct TokenMarks: Sendable, Hashable {
    public let start: Int
    public let end: Int
    public let padding: Int
    /// At least 3.
    public let contextLength: Int

    public init(start: Int, end: Int, padding: Int, contextLength: Int) {
        self.start = start
        self.end = end
        self.padding = padding
        self.contextLength = contextLength
    }
}

extension Tokenizer {
    public func tokenCount(of text: String) -> Int { encode(text).count }

    public var tokenLimit: Int { marks.contextLength - 2 }

    /// The text cut to the context length and padded to it.
    public func window(_ text: String) -> TokenWindow {
        let tokens = encode(text)
        var ids = [marks.start] + tokens.prefix(tokenLimit) + [marks.end]
        ids += Array(repeating: marks.padding, count: marks.contextLength - ids.count)
        return TokenWindow(ids: ids.map(Int64.init), isTruncated: tokens.count > tokenLimit)
    }

    /// Tokens as one readable text.
    public func text(of tokens: some Sequence<Int>) -> String {
        tokens.compactMap(piece).joined().replacing("</w>", with: " ").trimmingSuffix { $0 == " " }
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isTrimmed(last) { rest = rest.dropLast() }
        return String(rest)
    }
}
