import Foundation

/// Brings a text into the form that OpenAI's CLIP was trained on: composed characters, straight quotes, no HTML
/// entities, single spaces, lower case.
enum TextCleaner {
    private static let quotes: [Character: Character] = [
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "“": "\"", "”": "\"", "„": "\"", "‟": "\"",
    ]

    static func cleaned(_ text: String) -> String {
        var text = String(text.precomposedStringWithCanonicalMapping.map { quotes[$0] ?? $0 })
        // Twice, as a text may have been escaped twice.
        for _ in 0..<2 { text = HTMLEntities.unescaped(text) }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
    }
}

/// The entities of HTML that turn up in prompts.
enum HTMLEntities {
    private static let named = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " "]
    /// Longer than any entity.
    private static let longest = 10

    static func unescaped(_ text: String) -> String {
        guard text.contains("&") else { return text }
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            if let end = rest.prefix(longest).firstIndex(of: ";"),
                let character = character(rest[rest.index(after: start)..<end])
            {
                result += character
                rest = rest[rest.index(after: end)...]
            } else {
                result += "&"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// The character of an entity without its `&` and `;`.
    private static func character(_ name: Substring) -> String? {
        if let known = named[String(name)] { return known }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let isHexadecimal = digits.hasPrefix("x") || digits.hasPrefix("X")
        let number = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { String($0) }
    }
}
