/// The bytes of one character in UTF-8, of two bytes or more, in a place where they were taken for characters.
///
/// Also read are what careless programs leave: surrogates, each by itself (CESU-8), the two bytes of a zero in Java, a
/// space for the byte 0xA0, and a substitute for bytes that were lost.
struct UTF8Sequence {
    /// Stands for a byte that is not known any more.
    static let lost: UInt8 = 0x1A
    private static let space: UInt8 = 0x20

    let places: Range<Int>
    let scalar: Unicode.Scalar

    /// - Parameter bytes: `nil` for a character that is no byte.
    /// - Returns: `nil` where no sequence begins.
    init?(_ bytes: [UInt8?], at start: Int) {
        guard let first = bytes[start] else { return nil }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard (0xC0...0xF4).contains(first), start + length <= bytes.count else { return nil }
        var value = UInt32(first) & (0xFF >> UInt32(length + 1))
        var spaces = 0
        var isLost = false
        for byte in bytes[(start + 1)..<(start + length)] {
            switch byte {
            case let byte? where 0x80...0xBF ~= byte: value = value << 6 | UInt32(byte & 0x3F)
            case Self.space:
                value = value << 6 | 0x20
                spaces += 1
            case Self.lost: isLost = true
            default: return nil
            }
        }
        guard Self.canLoseASpace(first, length, spaces) else { return nil }
        if isLost {
            (places, scalar) = (start..<(start + length), "\u{FFFD}")
        } else if let scalar = Unicode.Scalar(value), Self.isShortest(value, length) || (value == 0 && length == 2) {
            // The space that separates "à" from the next word was one byte of two alike.
            let end = start + length - (first == 0xC3 && spaces == 1 ? 1 : 0)
            (places, self.scalar) = (start..<max(end, start + 1), scalar)
        } else if let pair = Self.surrogates(value, bytes, start) {
            (places, scalar) = (start..<(start + 6), pair)
        } else {
            return nil
        }
    }

    private static func isShortest(_ value: UInt32, _ length: Int) -> Bool {
        value >= [0, 0, 0x80, 0x800, 0x1_0000][length]
    }

    /// In the sequences of common letters and punctuation only, and one byte at most.
    private static func canLoseASpace(_ first: UInt8, _ length: Int, _ spaces: Int) -> Bool {
        spaces == 0 || spaces == 1 && [0xC2, 0xC3, 0xCE, 0xD0, 0xE2, 0xE3, 0xF0].contains(first)
    }

    /// The character of two surrogates of three bytes each.
    private static func surrogates(_ high: UInt32, _ bytes: [UInt8?], _ start: Int) -> Unicode.Scalar? {
        guard (0xD800...0xDBFF).contains(high), start + 6 <= bytes.count, bytes[start + 3] == 0xED,
            let second = bytes[start + 4], let third = bytes[start + 5],
            0xB0...0xBF ~= second, 0x80...0xBF ~= third
        else { return nil }
        let low = UInt32(second & 0x0F) << 6 | UInt32(third & 0x3F)
        return Unicode.Scalar(0x1_0000 + (high - 0xD800) << 10 + low)
    }
}
