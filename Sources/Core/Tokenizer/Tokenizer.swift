import EngineKit

/// A text as a CLIP's text tower takes it.
struct TokenWindow: Sendable, Hashable {
    /// Start mark, tokens, end mark, padding up to the context length.
    let ids: [Int64]
    /// Whether tokens were left out at the end.
    let isTruncated: Bool
}

/// Turns texts into the tokens of a CLIP.
protocol Tokenizer: TokenCounting {
    /// The ids of all tokens of a text, without marks.
    func encode(_ text: String) -> [Int]
    var marks: TokenMarks { get }
}

/// The ids around a text, and how many places there are in all.
struct TokenMarks: Sendable, Hashable {
    let start: Int
    let end: Int
    let padding: Int
    let contextLength: Int
}

extension Tokenizer {
    func tokenCount(of text: String) -> Int { encode(text).count }

    var tokenLimit: Int { marks.contextLength - 2 }

    /// The text cut to the context length and padded to it.
    func window(_ text: String) -> TokenWindow {
        let tokens = encode(text)
        var ids = [marks.start] + tokens.prefix(tokenLimit) + [marks.end]
        ids += Array(repeating: marks.padding, count: marks.contextLength - ids.count)
        return TokenWindow(ids: ids.map(Int64.init), isTruncated: tokens.count > tokenLimit)
    }
}
