import EngineKit

/// The notation of prompts in the editor, and how the text tower will see it.
enum PromptNotation {
    /// The notation to edit: as little escaped as possible, because people write "Act 1: dawn".
    static func editable(_ prompt: Prompt) -> String {
        var plain = prompt
        plain.isMuted = false
        plain.isSolo = false
        let exact = PromptParser.source(of: plain)
        let relaxed = exact.replacing("\\:", with: ":")
        return (try? PromptParser.prompts(from: relaxed)) == [plain] ? relaxed : exact
    }

    /// The stretches of a source between the bars that separate prompts, as character offsets.
    static func pieces(of characters: [Character]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var depth = 0
        var index = 0
        while index < characters.count {
            switch characters[index] {
            case "\\": index += 1
            case "[": depth += 1
            case "]": depth = max(0, depth - 1)
            case "|" where depth == 0:
                ranges.append(start..<index)
                start = index + 1
            default: break
            }
            index += 1
        }
        ranges.append(start..<characters.count)
        return ranges
    }
}

/// How many of a line's words fit the text tower.
struct TokenStatus: Sendable, Equatable {
    /// Tokens of the piece that the cursor is in.
    var count: Int
    var limit: Int
    /// Offsets of the characters that the model will not see.
    var cutOff: [Range<Int>]

    init(_ line: TextLine, _ tokens: any TokenCounting) {
        limit = tokens.tokenLimit
        count = 0
        cutOff = []
        for piece in PromptNotation.pieces(of: line.characters) {
            let isCurrent = piece.lowerBound <= line.cursor && line.cursor <= piece.upperBound
            let source = String(line.characters[piece])
            guard let prompt = try? PromptParser.prompt(from: source), case .text(let text) = prompt.content else {
                continue
            }
            let pieceCount = tokens.tokenCount(of: text)
            if isCurrent { count = pieceCount }
            if pieceCount > limit { cutOff.append(Self.cut(text, in: line.characters, piece, tokens)) }
        }
    }

    /// Where in a piece the text beyond the limit begins and ends.
    private static func cut(
        _ text: String,
        in characters: [Character],
        _ piece: Range<Int>,
        _ tokens: any TokenCounting
    ) -> Range<Int> {
        let text = Array(text)
        var (kept, tooMany) = (0, text.count)
        while kept + 1 < tooMany {
            let middle = (kept + tooMany) / 2
            if tokens.tokenCount(of: String(text[..<middle])) <= tokens.tokenLimit {
                kept = middle
            } else {
                tooMany = middle
            }
        }
        var start = piece.lowerBound
        var end = piece.upperBound
        var seen = 0
        var index = piece.lowerBound
        while index < piece.upperBound, seen < text.count {
            if PromptParser.isEscape(characters[..<piece.upperBound], at: index) { index += 1 }
            if seen > 0 || index < piece.upperBound && !characters[index].isWhitespace {
                if seen == kept { start = index }
                seen += 1
            }
            index += 1
        }
        end = min(end, index)
        return start..<max(start, end)
    }
}
