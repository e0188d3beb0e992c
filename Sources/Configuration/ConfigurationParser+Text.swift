import EngineKit

/// Characters, blanks, strings and words.
extension ConfigurationParser {
    var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    func isAhead(_ text: String) -> Bool { scalars[position...].starts(with: text.unicodeScalars) }

    mutating func take(_ text: String) -> Bool {
        guard isAhead(text) else { return false }
        position += text.unicodeScalars.count
        return true
    }

    mutating func takeWhile(_ isWanted: (Unicode.Scalar) -> Bool) -> String {
        var taken = String.UnicodeScalarView()
        while let scalar = next, isWanted(scalar) {
            taken.append(scalar)
            position += 1
        }
        return String(taken)
    }

    mutating func skipBlanks() {
        _ = takeWhile { $0 == " " || $0 == "\t" }
    }

    /// Takes the end of a line, if it is next.
    private mutating func takeLineBreak() -> Bool {
        guard take("\n") || take("\r\n") else { return false }
        line += 1
        return true
    }

    private mutating func skipComment() throws(ConfigurationSyntaxError) {
        skipBlanks()
        guard next == "#" else { return }
        _ = takeWhile { $0 == "\t" || $0.properties.generalCategory != .control }
    }

    /// Skips blanks, comments and empty lines; `false` at the end of the text.
    mutating func skipToContent() throws(ConfigurationSyntaxError) -> Bool {
        repeat { try skipComment() } while takeLineBreak()
        return next != nil
    }

    mutating func endLine() throws(ConfigurationSyntaxError) {
        try skipComment()
        guard next == nil || takeLineBreak() else { throw failure("there is more after the end of a value") }
    }

    mutating func readString() throws(ConfigurationSyntaxError) -> String {
        let isLiteral = next == "'"
        let quote = isLiteral ? "'" : "\""
        let isLong = take(quote + quote + quote)
        let ending = isLong ? quote + quote + quote : quote
        if isLong { _ = takeLineBreak() } else { position += 1 }
        var result = String.UnicodeScalarView()
        while !take(ending) {
            if isLong, takeLineBreak() {
                result.append("\n")
            } else if !isLiteral, take("\\") {
                if let scalar = try readEscape(isLong: isLong) { result.append(scalar) }
            } else {
                guard let scalar = next, scalar == "\t" || scalar.properties.generalCategory != .control else {
                    throw failure("a text ends with \(ending)\(isLong ? "" : " on the same line")")
                }
                result.append(scalar)
                position += 1
            }
        }
        // One or two quotes may stand right before the three that end a long text.
        for _ in 0..<2 where isLong && take(quote) { result.append(contentsOf: quote.unicodeScalars) }
        return String(result)
    }

    /// What follows a backslash; `nil` for a line break, which is left out with the blanks after it.
    private mutating func readEscape(isLong: Bool) throws(ConfigurationSyntaxError) -> Unicode.Scalar? {
        let simple: [(String, Unicode.Scalar)] = [
            ("b", "\u{8}"), ("t", "\t"), ("n", "\n"), ("f", "\u{C}"), ("r", "\r"), ("\"", "\""), ("\\", "\\"),
        ]
        for (letter, scalar) in simple where take(letter) { return scalar }
        for (letter, count) in [("u", 4), ("U", 8)] where take(letter) {
            let digits = String(String.UnicodeScalarView(scalars[position...].prefix(count)))
            guard digits.count == count, digits.allSatisfy(\.isHexDigit), let code = UInt32(digits, radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw failure("\\\(letter) is followed by \(count) hexadecimal digits of a character") }
            position += count
            return scalar
        }
        skipBlanks()
        guard isLong, takeLineBreak() else {
            throw failure("a backslash starts one of \\b \\t \\n \\f \\r \\\" \\\\ \\u \\U; for a plain one, write '…'")
        }
        repeat { skipBlanks() } while takeLineBreak()
        return nil
    }

    mutating func readWord() throws(ConfigurationSyntaxError) -> ConfigurationValue {
        let word = takeWhile { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "+", "-", "_", ".", ":": true
            default: false
            }
        }
        if let value = Self.value(of: word) { return value }
        throw failure(word.isEmpty ? "a value is missing" : "'\(word)' is no value; put a text in quotes")
    }

    private static func value(of word: String) -> ConfigurationValue? {
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "inf", "+inf": return .number("inf")
        case "nan", "+nan", "-nan": return .number("nan")
        case "-inf": return .number("-inf")
        default: break
        }
        if word.wholeMatch(of: /\d{4}-\d\d-\d\d([Tt][\d:.+\-Zz]+)?|\d\d:\d\d(:\d\d(\.\d+)?)?/) != nil {
            return .date(word)
        }
        let digits = word.replacing("_", with: "")
        if word.wholeMatch(of: /[+\-]?(0|[1-9](_?[0-9])*)/) != nil {
            return .number(digits.hasPrefix("+") ? String(digits.dropFirst()) : digits)
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where word.hasPrefix(prefix) {
            guard word.wholeMatch(of: /0[xob][0-9a-fA-F](_?[0-9a-fA-F])*/) != nil else { return nil }
            return UInt64(digits.dropFirst(2), radix: radix).map { .number(String($0)) }
        }
        let real = /[+\-]?(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?([eE][+\-]?[0-9](_?[0-9])*)?/
        guard word.wholeMatch(of: real) != nil, let value = Double(digits) else { return nil }
        return .number(PromptParser.number(value))
    }
}
