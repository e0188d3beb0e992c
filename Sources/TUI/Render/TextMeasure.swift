import CCurses

/// Widths of text in terminal columns, as the terminal library counts them.
enum TextMeasure {
    /// 0, 1 or 2 columns.
    static func width(of character: Character) -> Int {
        var widest = 0
        for scalar in character.unicodeScalars {
            // An emoji variation selector turns a narrow symbol into a wide one.
            if scalar.value == 0xFE0F { return 2 }
            widest = max(widest, Int(cc_character_width(scalar.value)))
        }
        return widest
    }

    /// Columns of a whole text.
    static func width(of text: String) -> Int { text.reduce(0) { $0 + width(of: $1) } }

    /// The longest beginning of a text that fits, with an ellipsis if anything was cut.
    static func fitted(_ text: String, to columns: Int) -> String {
        guard width(of: text) > columns else { return text }
        guard columns > 0 else { return "" }
        var result = ""
        var used = 0
        for character in text {
            let width = width(of: character)
            guard used + width <= columns - 1 else { break }
            result.append(character)
            used += width
        }
        return result + "…"
    }

    /// A message with a path at its end, such as `saved /long/path/to/step-000120.png`: what does not fit is taken out
    /// after the first word, so that the name of the file stays.
    static func fittedPath(_ text: String, to columns: Int) -> String {
        guard width(of: text) > columns, let space = text.firstIndex(of: " ") else { return fitted(text, to: columns) }
        let head = text[...space] + "…"
        var tail: [Character] = []
        var used = width(of: String(head))
        for character in text[space...].dropFirst().reversed() {
            let width = width(of: character)
            guard used + width <= columns else { break }
            tail.append(character)
            used += width
        }
        return tail.isEmpty ? fitted(text, to: columns) : head + String(tail.reversed())
    }
}
