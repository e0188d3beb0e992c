/// Character references of HTML, named and numbered.
enum HTMLEntities {
    private typealias Scalars = Substring.UnicodeScalarView

    /// Replaces references as a browser does in running text: all names of HTML5, some of them also without their
    /// semicolon and before further letters; numbers that stand for no character vanish.
    static func unescaped(_ text: String) -> String {
        replacingReferences(in: text, maximumNameLength: 32) { name, isClosed in
            if name.first == "#" { return number(name.dropFirst()).map { ($0, true) } }
            if isClosed, let text = HTMLEntityTable.texts[String(name)] { return (text, true) }
            // Without a semicolon the longest name counts, and what follows it is text.
            var known = name
            while known.count > 1 {
                if HTMLEntityTable.bareNames.contains(String(known)), let text = HTMLEntityTable.texts[String(known)] {
                    return (text + String(name[known.endIndex...]), false)
                }
                known = known.dropLast()
            }
            return nil
        }
    }

    /// Replaces only references with a semicolon, but also names that were put in capitals, such as `&EACUTE;`.
    static func carefullyUnescaped(_ text: String) -> String {
        replacingReferences(in: text, maximumNameLength: 24) { name, isClosed in
            guard isClosed else { return nil }
            if name.first == "#" { return number(name.dropFirst()).map { ($0, true) } }
            let name = String(name)
            if let text = HTMLEntityTable.texts[name] { return (text, true) }
            guard name.uppercased() == name, !beginsWithBareName(name),
                let text = HTMLEntityTable.texts[name.lowercased()]
            else { return nil }
            return (text.uppercased(), true)
        }
    }

    private static func beginsWithBareName(_ name: String) -> Bool {
        name.count > 1 && (2...name.count).contains { HTMLEntityTable.bareNames.contains(String(name.prefix($0))) }
    }

    /// - Parameter replacement: takes what is between `&` and `;` and whether the semicolon is there; answers with the
    ///   text and whether it also stands for the semicolon.
    private static func replacingReferences(
        in text: String,
        maximumNameLength: Int,
        _ replacement: (Scalars, Bool) -> (text: String, takesSemicolon: Bool)?
    ) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = String.UnicodeScalarView()
        var rest = text[...].unicodeScalars
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...].dropFirst()
            let name = nameOfReference(rest, maximumNameLength)
            let after = rest[name.endIndex...]
            let isClosed = after.first == ";"
            guard !name.isEmpty, let found = replacement(name, isClosed) else {
                result.append("&")
                continue
            }
            result += found.text.unicodeScalars
            rest = isClosed && found.takesSemicolon ? after.dropFirst() : after
        }
        result += rest
        return String(result)
    }

    /// `#` with its digits, or what may be a name.
    private static func nameOfReference(_ text: Scalars, _ maximumLength: Int) -> Scalars {
        guard text.first == "#" else {
            return text.prefix(maximumLength).prefix { !"\t\n\u{C} <&#;".unicodeScalars.contains($0) }
        }
        let afterSign = text.dropFirst()
        let isHexadecimal = afterSign.first == "x" || afterSign.first == "X"
        let digits = (isHexadecimal ? afterSign.dropFirst() : afterSign).prefix { scalar in
            isHexadecimal ? scalar.properties.isASCIIHexDigit : "0"..."9" ~= scalar
        }
        return digits.isEmpty ? text.prefix(0) : text[..<digits.endIndex]
    }

    /// The text of a number after its `#`. What lies in the control range is read as Windows-1252, as browsers do.
    private static func number(_ text: Scalars) -> String? {
        let isHexadecimal = text.first == "x" || text.first == "X"
        let digits = String(isHexadecimal ? text.dropFirst() : text)
        // More digits than fit make a number beyond all characters.
        let value = UInt32(digits, radix: isHexadecimal ? 16 : 10) ?? .max
        switch value {
        case 0: return "\u{FFFD}"
        case 0x0D: return "\r"
        case 0x80...0x9F: return String(CodePage.windows1252.scalar(of: UInt8(value)))
        case 1...8, 0x0B, 0x0E...0x1F, 0x7F, 0xFDD0...0xFDEF: return ""
        default:
            guard let scalar = Unicode.Scalar(value) else { return "\u{FFFD}" }
            return value & 0xFFFE == 0xFFFE ? "" : String(scalar)
        }
    }
}
