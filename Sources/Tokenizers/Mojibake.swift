/// Undoes the most common damage to text: UTF-8 that was read in a single-byte encoding, once or several times, so that
/// `é` became `Ã©`.
///
/// A text is taken for damaged where characters which are UTF-8 in such an encoding stand together as they do not in
/// any language, such as a capital letter with a currency sign after it. What looks like a word, a quotation or an
/// initial is left alone.
struct Mojibake {
    /// Scalars of a line with the bytes they have in one encoding.
    private struct Reading {
        /// `nil` for a scalar that the encoding does not have.
        let bytes: [UInt8?]
        /// What is UTF-8 in these bytes, from left to right.
        var sequences: [UTF8Sequence] = []
        /// Whether all that is not ASCII is UTF-8.
        var isWhole = true

        init(_ text: [Unicode.Scalar], _ byte: (Unicode.Scalar) -> UInt8?) {
            bytes = text.map(byte)
            var place = 0
            while place < bytes.count {
                if let byte = bytes[place], byte < 0x80, text[place] != "\u{FFFD}" {
                    place += 1
                } else if let sequence = UTF8Sequence(bytes, at: place) {
                    sequences.append(sequence)
                    place = sequence.places.upperBound
                } else {
                    isWhole = false
                    place += 1
                }
            }
        }
    }

    /// Without any telling neighbours, so many sequences and nothing but them are no accident.
    private static let tellingCount = 3
    /// Damage on damage on damage.
    private static let mostRounds = 6

    private static let encodings: [@Sendable (Unicode.Scalar) -> UInt8?] = [
        // Windows-1252 and Latin-1 are mixed up so often that they are read as one.
        { CodePage.windows1252.byte(of: $0) ?? ($0.value < 0x100 ? UInt8($0.value) : nil) },
        CodePage.windows1251.byte, CodePage.windows1250.byte, CodePage.windows1253.byte, CodePage.windows1254.byte,
        CodePage.windows1257.byte, CodePage.macRoman.byte, CodePage.cp437.byte,
    ]
    /// Of these, repairs are also made to a part of a line.
    private static let partlyRepaired = 6

    /// A line of text, repaired as far as it can be.
    static func repaired(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var text = text
        for _ in 0..<mostRounds {
            guard !text.allSatisfy(\.isASCII), let better = repairedOnce(text) else { break }
            text = better
        }
        return text.map { (0x80...0x9F).contains($0.value) ? CodePage.windows1252.scalar(of: UInt8($0.value)) : $0 }
    }

    private static func repairedOnce(_ text: [Unicode.Scalar]) -> [Unicode.Scalar]? {
        // Substitutes for lost bytes are part of a sequence, never ASCII.
        let readings = encodings.map { byte in
            Reading(text) { $0 == "\u{FFFD}" ? UTF8Sequence.lost : $0.value == 0x1A ? nil : byte($0) }
        }
        for reading in readings where reading.isWhole && !reading.sequences.isEmpty {
            let isTelling = reading.sequences.contains { isUnnatural($0, in: text) }
            if isTelling || reading.sequences.count >= tellingCount { return replacing(reading.sequences, in: text) }
        }
        for reading in readings.prefix(partlyRepaired) {
            let damaged = neighbourhoods(reading.sequences).filter { group in
                group.contains { isUnnatural($0, in: text) }
            }
            if !damaged.isEmpty { return replacing(damaged.flatMap { $0 }, in: text) }
        }
        return nil
    }

    /// Sequences that touch each other, together.
    private static func neighbourhoods(_ sequences: [UTF8Sequence]) -> [[UTF8Sequence]] {
        var groups: [[UTF8Sequence]] = []
        for sequence in sequences {
            if let last = groups.last?.last, last.places.upperBound == sequence.places.lowerBound {
                groups[groups.count - 1].append(sequence)
            } else {
                groups.append([sequence])
            }
        }
        return groups
    }

    private static func replacing(_ sequences: [UTF8Sequence], in text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var end = 0
        for sequence in sequences {
            result += text[end..<sequence.places.lowerBound]
            result.append(sequence.scalar)
            end = sequence.places.upperBound
        }
        return result + text[end...]
    }
}

// MARK: What no language writes

extension Mojibake {
    /// Stands after a word as well as before one.
    private static let harmless = Set("\u{A0}\u{AD}·´°–—―…’‘“”«»‹›™®©¹²³".unicodeScalars)
    /// Of these, what also stands between the parts of a word.
    private static let joining = Set("\u{A0}\u{AD}·’–—―".unicodeScalars)
    /// Letters that also are faces with raised arms: `¯\_(Ö)_/¯`.
    private static let faces = Set("ÒÓÔÖÚÛÜß".unicodeScalars)
    /// Stands after a multiplication sign.
    private static let numbers = Set("¹²³¼½¾±".unicodeScalars)
    /// Begin the letters of Western European languages, of Cyrillic and of Greek when they are damaged.
    private static let frequentLeads = Set("ÂÃÄÅÐÑ".unicodeScalars)
    /// Begin those of Western European languages, damaged in the encoding of old Macintoshes.
    private static let symbolLeads = Set("√¬≈ƒ∆".unicodeScalars)

    private static func isUnnatural(_ sequence: UTF8Sequence, in text: [Unicode.Scalar]) -> Bool {
        let places = sequence.places
        let (lead, rest) = (text[places.lowerBound], text[places].dropFirst())
        let previous = places.lowerBound > 0 ? text[places.lowerBound - 1] : nil
        let following = places.upperBound < text.count ? text[places.upperBound] : nil
        guard let mark = rest.first else {
            return isLostSpace(lead, previous, text[places.upperBound...].dropFirst().first)
        }
        if text[places].contains(where: { (0x80...0x9F).contains($0.value) }) { return true }
        if lead.isBoxDrawing { return rest.contains { !$0.isBoxDrawing } }
        if lead == "×" { return !rest.allSatisfy(numbers.contains) }
        guard lead.isTrueLetter else { return symbolLeads.contains(lead) || rest.count > 1 }
        if rest.contains(where: { $0.isBoxDrawing || $0.isTrueLetter && $0.script != lead.script }) { return true }
        guard rest.count == 1 else {
            let isWord = rest.allSatisfy { $0.isTrueLetter || harmless.contains($0) }
            return !isWord && rest.first != "\u{A0}" && !rest.contains(" ")
        }
        if mark == " " { return false }
        if mark.isTrueLetter { return frequentLeads.contains(lead) }
        guard harmless.contains(mark) else { return !faces.contains(lead) }
        if lead == "Â" || lead == "Ã" {
            return previous?.properties.isUppercase != true || !"…–—’”»".unicodeScalars.contains(mark)
        }
        return following?.isTrueLetter == true && !joining.contains(mark)
    }

    /// Whether a space after a letter was the second byte of one: `voilÃ le` was `voilà le`.
    private static func isLostSpace(
        _ lead: Unicode.Scalar,
        _ previous: Unicode.Scalar?,
        _ following: Unicode.Scalar?
    ) -> Bool {
        guard lead == "Ã" else { return false }
        guard let previous, previous != " " else { return following?.properties.isLowercase ?? true }
        return previous.properties.isLowercase
    }
}

extension Unicode.Scalar {
    fileprivate var isBoxDrawing: Bool { (0x2500...0x259F).contains(value) }

    /// A letter that words are made of, unlike ordinal signs, the florin or accents by themselves.
    fileprivate var isTrueLetter: Bool {
        isLetter && properties.generalCategory != .modifierLetter && !["ª", "º", "µ", "ƒ"].contains(self)
    }

    /// Tells apart the alphabets that single-byte encodings have.
    fileprivate var script: Int {
        switch value {
        case 0x370...0x3FF: 1
        case 0x400...0x52F: 2
        default: 0
        }
    }
}
