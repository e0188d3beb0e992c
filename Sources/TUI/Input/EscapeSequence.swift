/// The escape sequences that terminals send for keys and the mouse. Pure functions of ``KeyDecoder``.
enum EscapeSequence {
    /// No sequence that means anything here is longer.
    private static let longest = 64

    /// Parses what follows `ESC [`.
    /// - Parameter prefix: bytes before, counted in the length of the result.
    static func parseControl(_ bytes: ArraySlice<UInt8>, prefix: Int) -> KeyDecoder.Parsed {
        guard let first = bytes.first else { return .incomplete }
        // The Linux console's F1 to F5 are ESC [ [ and a letter.
        if first == UInt8(ascii: "[") {
            guard let letter = bytes.dropFirst().first else { return .incomplete }
            guard (UInt8(ascii: "A")...UInt8(ascii: "E")).contains(letter) else { return .ignored(length: prefix + 2) }
            return key(.function(Int(letter - UInt8(ascii: "A")) + 1), prefix + 2)
        }
        // The mouse report of terminals without SGR coordinates: three bytes follow.
        if first == UInt8(ascii: "M") {
            return bytes.count >= 4 ? .ignored(length: prefix + 4) : .incomplete
        }
        var parameters: [Int] = []
        var number: Int?
        let isMouse = first == UInt8(ascii: "<")
        // Answers to queries, not keys.
        let isPrivate = first == UInt8(ascii: "?") || first == UInt8(ascii: ">") || first == UInt8(ascii: "=")
        for (offset, byte) in bytes.enumerated() {
            let length = prefix + offset + 1
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = min(99_999, (number ?? 0) * 10 + Int(byte - UInt8(ascii: "0")))
            case UInt8(ascii: ";"), UInt8(ascii: ":"):
                parameters.append(number ?? 1)
                number = nil
            // rxvt ends its shifted keys with a character that elsewhere stands in the middle.
            case 0x40...0x7E, UInt8(ascii: "$"):
                parameters.append(number ?? 1)
                if isMouse { return mouse(parameters, isPress: byte == UInt8(ascii: "M"), length: length) }
                if isPrivate { return .ignored(length: length) }
                return meaning(of: byte, parameters: parameters, length: length)
            case 0x20...0x3F: break
            // Not a sequence after all: what broke it is looked at on its own.
            default: return .ignored(length: length - 1)
            }
            if offset > longest { return .ignored(length: length) }
        }
        return .incomplete
    }

    /// Parses what follows `ESC O`: cursor keys and keypad in application mode, F1 to F4.
    static func parseSingleShift(_ bytes: ArraySlice<UInt8>, prefix: Int) -> KeyDecoder.Parsed {
        var modifiers = 1
        for (offset, byte) in bytes.prefix(2).enumerated() {
            let length = prefix + offset + 1
            if (UInt8(ascii: "1")...UInt8(ascii: "8")).contains(byte), offset == 0 {
                modifiers = Int(byte - UInt8(ascii: "0"))
                continue
            }
            if let found = letterKeys[byte] { return key(found, length, modifiers) }
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "d"):
                return letterKeys[byte - 0x20].map { key($0, length, 5) } ?? .ignored(length: length)
            case UInt8(ascii: "M"): return key(.enter, length, modifiers)
            // The keypad's digits and operators, 0x40 above the characters.
            case UInt8(ascii: "j")...UInt8(ascii: "y"):
                return key(.character(Character(Unicode.Scalar(byte - 0x40))), length)
            default: return .ignored(length: length)
            }
        }
        return .incomplete
    }

    /// Swallows what a terminal answers to queries: kitty graphics, colours, device reports. They end with `ESC \` or,
    /// for `]`, a bell.
    /// - Parameter bytes: from the character after the escape on.
    /// - Returns: `nil` if this is an alt key instead.
    static func parseAnswer(_ bytes: ArraySlice<UInt8>) -> KeyDecoder.Parsed? {
        guard let kind = bytes.first else { return .incomplete }
        guard let next = bytes.dropFirst().first else { return .incomplete }
        let starts: String =
            switch kind {
            case UInt8(ascii: "_"): "G"
            case UInt8(ascii: "]"): "0123456789"
            default: "0123456789>!$+="
            }
        guard starts.utf8.contains(next) else { return nil }
        var previous: UInt8 = 0
        for (offset, byte) in bytes.enumerated() {
            let isEnd = (previous == 0x1B && byte == UInt8(ascii: "\\")) || (byte == 0x07 && kind == UInt8(ascii: "]"))
            // One more for the escape in front.
            if isEnd || offset > 4096 { return .ignored(length: offset + 2) }
            previous = byte
        }
        return .incomplete
    }

    // MARK: Meanings

    /// Keys by the letter that ends the sequence.
    private static let letterKeys: [UInt8: KeyEvent.Key] = [
        UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "C"): .right, UInt8(ascii: "D"): .left,
        UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end,
        UInt8(ascii: "P"): .function(1), UInt8(ascii: "Q"): .function(2),
        UInt8(ascii: "R"): .function(3), UInt8(ascii: "S"): .function(4),
    ]

    /// Keys by the number before `~`.
    private static let numberedKeys: [Int: KeyEvent.Key] = [
        1: .home, 2: .insert, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
        11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4), 15: .function(5),
        17: .function(6), 18: .function(7), 19: .function(8), 20: .function(9), 21: .function(10),
        23: .function(11), 24: .function(12), 25: .function(13), 26: .function(14), 28: .function(15),
        29: .function(16), 31: .function(17), 32: .function(18), 33: .function(19), 34: .function(20),
    ]

    private static func meaning(of final: UInt8, parameters: [Int], length: Int) -> KeyDecoder.Parsed {
        let first = parameters.first ?? 1
        let modifiers = parameters.count > 1 ? parameters[1] : 1
        switch final {
        case UInt8(ascii: "~"):
            if first == 200 { return .pasteStart(length: length) }
            if first == 27, parameters.count > 2 { return coded(parameters[2], modifiers, length) }
            return numberedKeys[first].map { key($0, length, modifiers) } ?? .ignored(length: length)
        case UInt8(ascii: "u"): return coded(first, modifiers, length)
        case UInt8(ascii: "Z"): return key(.tab, length, 2)
        // rxvt's modifiers.
        case UInt8(ascii: "a")...UInt8(ascii: "d"):
            return letterKeys[final - 0x20].map { key($0, length, 2) } ?? .ignored(length: length)
        case UInt8(ascii: "$"), UInt8(ascii: "^"), UInt8(ascii: "@"):
            let modifiers = final == UInt8(ascii: "$") ? 2 : final == UInt8(ascii: "^") ? 5 : 6
            return numberedKeys[first].map { key($0, length, modifiers) } ?? .ignored(length: length)
        default: return letterKeys[final].map { key($0, length, modifiers) } ?? .ignored(length: length)
        }
    }

    /// A key given by its character's number, as modern terminals send those that have no sequence of their own.
    private static func coded(_ code: Int, _ modifiers: Int, _ length: Int) -> KeyDecoder.Parsed {
        switch code {
        case 9: return key(.tab, length, modifiers)
        case 13: return key(.enter, length, modifiers)
        case 27: return key(.escape, length, modifiers)
        case 8, 127: return key(.backspace, length, modifiers)
        default:
            guard code >= 32, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) else {
                return .ignored(length: length)
            }
            let bits = max(0, modifiers - 1)
            let isShifted = bits & 1 != 0
            let character = isShifted ? String(scalar).uppercased().first : Character(scalar)
            return character.map { key(.character($0), length, 1 + (bits & ~1)) } ?? .ignored(length: length)
        }
    }

    /// - Parameter modifiers: 1 plus the sum of shift 1, alt 2, control 4, and meta 8, which counts as alt.
    private static func key(_ key: KeyEvent.Key, _ length: Int, _ modifiers: Int = 1) -> KeyDecoder.Parsed {
        let bits = max(0, modifiers - 1)
        let event = KeyEvent(key, control: bits & 4 != 0, alt: bits & 10 != 0, shift: bits & 1 != 0)
        return .event(.key(event), length: length)
    }

    /// Presses and wheel turns of SGR mouse reports; releases and moves mean nothing here.
    private static func mouse(_ parameters: [Int], isPress: Bool, length: Int) -> KeyDecoder.Parsed {
        guard parameters.count == 3, isPress else { return .ignored(length: length) }
        // Without the bits of shift, alt and control.
        let kind: MouseEvent.Kind? =
            switch parameters[0] & ~28 {
            case 0, 1, 2: .press
            case 64: .wheelUp
            case 65: .wheelDown
            default: nil
            }
        guard let kind else { return .ignored(length: length) }
        let event = MouseEvent(kind: kind, x: max(0, parameters[1] - 1), y: max(0, parameters[2] - 1))
        return .event(.mouse(event), length: length)
    }
}
