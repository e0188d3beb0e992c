import Foundation

/// Brings a text into the form that OpenAI's CLIP was trained on, as its tokenizer does with the Python package ftfy.
///
/// Line by line until nothing changes any more: HTML entities (unless there is a `<` before), mojibake (see
/// ``Mojibake``), C1 controls read as Windows-1252, Latin ligatures, full-width and half-width forms, straight quotes
/// for curly ones, line breaks, escape sequences of terminals, control characters, composed characters (NFC). Then HTML
/// entities twice over, single spaces and lower case.
enum TextCleaner {
    /// Repairs of one line that are tried on each other's results.
    private static let mostRounds = 8

    static func cleaned(_ text: String) -> String {
        var text = isPlain(text) ? text : repaired(text)
        // Twice, as a text may have been escaped twice.
        for _ in 0..<2 { text = HTMLEntities.unescaped(text) }
        let words = text.unicodeScalars.split(whereSeparator: \.isSpace).map { String($0) }
        return LowerCase.lowered(words.joined(separator: " "))
    }

    /// Whether the text is ASCII without anything to repair.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { ($0 >= 0x20 || $0 == 0x0A || $0 == 0x09) && $0 < 0x7F && $0 != UInt8(ascii: "&") }
    }

    private static func repaired(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var isHTML = true
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            if line.contains("<") { isHTML = false }
            if number > 0 { result.append("\n") }
            result += repaired(line: String(line), isHTML: isHTML).unicodeScalars
        }
        return String(result)
    }

    private static func repaired(line: String, isHTML: Bool) -> String {
        var line = line
        for _ in 0..<mostRounds {
            let unescaped = isHTML ? HTMLEntities.carefullyUnescaped(line) : line
            let scalars = Mojibake.repaired(Array(unescaped.unicodeScalars))
            var better = String.UnicodeScalarView()
            for scalar in withoutEscapes(scalars.map(straightened)) where !isControl(scalar) {
                better += replacement(of: scalar)
            }
            let composed = String(better).precomposedStringWithCanonicalMapping
            // Compared by their scalars: composed and decomposed strings are equal in Swift.
            if composed.unicodeScalars.elementsEqual(line.unicodeScalars) { break }
            line = composed
        }
        return line
    }

    private static func straightened(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "\u{2018}"..."\u{201B}", "\u{2BC}": "'"
        case "\u{201C}"..."\u{201F}": "\""
        // A line feed for every kind of line break; which of them stood there makes no difference to words.
        case "\r", "\u{2028}", "\u{2029}", "\u{85}": "\n"
        default: scalar
        }
    }

    /// Ligatures of Latin letters and forms of other widths become the characters that they stand for.
    private static func replacement(of scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        switch scalar.value {
        case 0xFB05: "ſt".unicodeScalars
        case 0x132, 0x133, 0x149, 0x1C4...0x1CC, 0x1F1...0x1F3, 0xFB00...0xFB06, 0x3000, 0xFF01...0xFFEF:
            String(scalar).precomposedStringWithCompatibilityMapping.unicodeScalars
        default: String.UnicodeScalarView([scalar])
        }
    }

    /// Without what colours text in a terminal: escape, bracket, numbers and a letter.
    private static func withoutEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains("\u{1B}") else { return text }
        var result: [Unicode.Scalar] = []
        var rest = text[...]
        while let first = rest.first {
            if first == "\u{1B}", rest.dropFirst().first == "[" {
                let end = rest.dropFirst(2).drop { "0"..."9" ~= $0 || $0 == ";" }
                if let letter = end.first, "a"..."z" ~= letter || "A"..."Z" ~= letter {
                    rest = end.dropFirst()
                    continue
                }
            }
            result.append(first)
            rest = rest.dropFirst()
        }
        return result
    }

    /// Control characters that are no white space, marks of annotations and of byte order.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...8, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }
}

/// Lower case by Unicode's rules, with the final sigma of Greek.
enum LowerCase {
    static func lowered(_ text: String) -> String {
        guard text.unicodeScalars.contains("Σ") else { return text.lowercased() }
        let scalars = Array(text.unicodeScalars)
        var result = ""
        for (index, scalar) in scalars.enumerated() {
            let isFinal = scalar == "Σ" && endsWord(scalars, at: index)
            result += isFinal ? "ς" : scalar.properties.lowercaseMapping
        }
        return result
    }

    /// Whether there is a letter with a case before and none after, with marks and apostrophes overlooked.
    private static func endsWord(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true
    }
}
