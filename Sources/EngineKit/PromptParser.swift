/// A place in a prompt line that could not be understood.
public struct PromptSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and what to write instead.
    public let message: String
    /// Offset of the offending character in the source, counted in characters from 0.
    public let column: Int
    public let source: String

    public var description: String { message }

    /// The source with a caret under the offending character, for printing on a terminal.
    public var caretDiagram: String { source + "\n" + String(repeating: " ", count: column) + "^" }
}

/// Reads and writes the prompt notation `text:weight:stop | [picture.png]:weight | …`.
///
/// A colon separates a weight or a stop only if what follows it is a number, so "Act 1: dawn" is one text. A backslash
/// before one of `\ | [ ] :` makes it plain text; before anything else it is one itself. Inside brackets nothing separates.
public enum PromptParser {
    /// The characters that a backslash makes plain.
    private static let marks: Set<Character> = ["\\", "|", "[", "]", ":"]

    /// Reads prompts joined by `|`.
    /// - Throws: ``PromptSyntaxError`` for an empty prompt, an unclosed bracket or a weight that is not finite.
    public static func prompts(from source: String) throws(PromptSyntaxError) -> [Prompt] {
        let characters = Array(source)
        var prompts: [Prompt] = []
        for range in try pieces(of: characters, in: source) {
            prompts.append(try prompt(characters, range, in: source))
        }
        return prompts
    }

    /// Reads exactly one prompt, in which `|` is plain text.
    /// - Throws: ``PromptSyntaxError`` as ``prompts(from:)``.
    public static func prompt(from source: String) throws(PromptSyntaxError) -> Prompt {
        let characters = Array(source)
        return try prompt(characters, characters.indices, in: source)
    }

    /// The notation of one prompt; reading it back gives an equal prompt (mute and solo are not part of the notation).
    public static func source(of prompt: Prompt) -> String {
        let body =
            switch prompt.content {
            case .image(let path): "[\(escaped(path, #"\[]"#))]"
            case .text(let text): escaped(text, #"\|[]:"#)
            }
        let weight = number(prompt.weight)
        if let stop = prompt.stop { return "\(body):\(weight):\(number(stop))" }
        return prompt.weight == 1 ? body : "\(body):\(weight)"
    }

    /// The notation of several prompts, joined by ` | `.
    public static func source(of prompts: [Prompt]) -> String { prompts.map(source(of:)).joined(separator: " | ") }

    /// A number without trailing zeros: 1, 0.5, -0.25.
    public static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
    }

    private static func escaped(_ text: String, _ marks: String) -> String {
        var result = ""
        for character in text {
            if marks.contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    private static func pieces(
        of characters: [Character],
        in source: String
    ) throws(PromptSyntaxError) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var depth = 0
        var opened = 0
        var index = 0
        while index < characters.count {
            switch characters[index] {
            case "\\": index += 1
            case "[":
                if depth == 0 { opened = index }
                depth += 1
            case "]": depth = max(0, depth - 1)
            case "|" where depth == 0:
                ranges.append(start..<index)
                start = index + 1
            default: break
            }
            index += 1
        }
        if depth > 0 {
            throw PromptSyntaxError(
                message: "the bracket opened here is never closed; write \\[ for a plain bracket",
                column: opened,
                source: source
            )
        }
        ranges.append(start..<characters.count)
        return ranges
    }

    private static func prompt(
        _ characters: [Character],
        _ range: Range<Int>,
        in source: String
    ) throws(PromptSyntaxError) -> Prompt {
        let (body, numbers) = try suffixes(characters, range, in: source)
        let content = content(characters, body)
        switch content {
        case .text(let text) where text.isEmpty:
            throw PromptSyntaxError(
                message: "there is no text here; write what you want to see",
                column: min(range.lowerBound, max(0, characters.count - 1)),
                source: source
            )
        case .image(let path) where path.isEmpty:
            throw PromptSyntaxError(
                message: "the brackets are empty; write the path of a picture between them",
                column: body.lowerBound,
                source: source
            )
        default: break
        }
        return Prompt(content, weight: numbers.first ?? 1, stop: numbers.count > 1 ? numbers[1] : nil)
    }

    /// Takes up to two numbers off the end of a prompt: `text:weight:stop`.
    private static func suffixes(
        _ characters: [Character],
        _ range: Range<Int>,
        in source: String
    ) throws(PromptSyntaxError) -> (body: Range<Int>, numbers: [Double]) {
        var body = range
        var numbers: [Double] = []
        while numbers.count < 2, let colon = lastColon(characters, body) {
            let text = String(characters[(colon + 1)..<body.upperBound]).trimmingSpaces()
            guard let value = Double(text) else { break }
            guard value.isFinite else {
                throw PromptSyntaxError(
                    message: "\(text) is not a usable number; write a finite weight such as 0.5",
                    column: colon + 1,
                    source: source
                )
            }
            numbers.insert(value, at: 0)
            body = body.lowerBound..<colon
        }
        return (body, numbers)
    }

    private static func lastColon(_ characters: [Character], _ range: Range<Int>) -> Int? {
        var found: Int?
        var depth = 0
        var index = range.lowerBound
        while index < range.upperBound {
            switch characters[index] {
            case "\\": index += 1
            case "[": depth += 1
            case "]": depth = max(0, depth - 1)
            case ":" where depth == 0: found = index
            default: break
            }
            index += 1
        }
        return found
    }

    private static func content(_ characters: [Character], _ range: Range<Int>) -> Prompt.Content {
        let raw = Array(String(characters[range]).trimmingSpaces())
        if isBracketed(raw) { return .image(plain(raw[1..<(raw.count - 1)])) }
        return .text(plain(raw[...]))
    }

    /// Whether the bracket that a text begins with is closed by its last character.
    private static func isBracketed(_ characters: [Character]) -> Bool {
        guard characters.first == "[" else { return false }
        var depth = 0
        var index = 0
        while index < characters.count {
            switch characters[index] {
            case "\\": index += 1
            case "[": depth += 1
            case "]":
                depth -= 1
                if depth == 0 { return index == characters.count - 1 }
            default: break
            }
            index += 1
        }
        return false
    }

    /// A text without the backslashes that make marks plain.
    private static func plain(_ characters: ArraySlice<Character>) -> String {
        var text = ""
        var index = characters.startIndex
        while index < characters.endIndex {
            if isEscape(characters, at: index) { index += 1 }
            text.append(characters[index])
            index += 1
        }
        return text.trimmingSpaces()
    }

    /// Whether a backslash stands here that belongs to the mark after it.
    public static func isEscape(_ characters: ArraySlice<Character>, at index: Int) -> Bool {
        let next = index + 1
        return characters[index] == "\\" && next < characters.endIndex && marks.contains(characters[next])
    }
}

extension String {
    /// The string without white space at either end.
    func trimmingSpaces() -> String {
        var slice = self[...]
        while slice.first?.isWhitespace == true { slice.removeFirst() }
        while slice.last?.isWhitespace == true { slice.removeLast() }
        return String(slice)
    }
}
