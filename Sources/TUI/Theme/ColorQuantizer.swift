/// Finds the colour number of a terminal that comes closest to a colour.
enum ColorQuantizer {
    /// The sixteen basic colours, 0xRRGGBB, as xterm's 256 colours begin. Users change them, so they serve only for
    /// comparing.
    static let basicColors: [UInt32] = [
        0x000000, 0x800000, 0x008000, 0x808000, 0x000080, 0x800080, 0x008080, 0xC0C0C0,
        0x808080, 0xFF0000, 0x00FF00, 0xFFFF00, 0x0000FF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]

    /// The brightness levels of the 6×6×6 cube.
    private static let cubeLevels: [Int] = [0, 95, 135, 175, 215, 255]

    /// The number, 16...255, whose colour is nearest; those of the cube and the greys map to themselves. The first
    /// sixteen are never chosen because nobody knows how they look, unless named by ``TerminalColor``.
    static func indexed256(_ color: UInt32) -> Int {
        if let index = TerminalColor.index(of: color) { return index }
        let (red, green, blue) = channels(color)
        let cube = (cubeLevel(red), cubeLevel(green), cubeLevel(blue))
        let cubeColor = (cubeLevels[cube.0], cubeLevels[cube.1], cubeLevels[cube.2])
        let cubeIndex = 16 + 36 * cube.0 + 6 * cube.1 + cube.2
        // The greys are 8, 18, … 238.
        let grey = min(23, max(0, ((red * 2 + green * 3 + blue) / 6 - 3) / 10))
        let greyValue = 8 + 10 * grey
        let greyDistance = distance((red, green, blue), (greyValue, greyValue, greyValue))
        return distance((red, green, blue), cubeColor) <= greyDistance ? cubeIndex : 232 + grey
    }

    /// The number, 0...15, whose usual colour is nearest; the usual colours map to themselves.
    static func ansi16(_ color: UInt32) -> Int {
        if let index = TerminalColor.index(of: color) { return index }
        let wanted = channels(color)
        var best = 0
        var bestDistance = Int.max
        for (index, candidate) in basicColors.enumerated() {
            let distance = distance(wanted, channels(candidate))
            if distance < bestDistance { (best, bestDistance) = (index, distance) }
        }
        return best
    }

    /// The colour, 0xRRGGBB, of a number from 0 to 255.
    static func color(of index: Int) -> UInt32 {
        switch index {
        case 16...231:
            let levels = [(index - 16) / 36, (index - 16) / 6 % 6, (index - 16) % 6].map { UInt32(cubeLevels[$0]) }
            return levels[0] << 16 | levels[1] << 8 | levels[2]
        case 232...255: return UInt32(8 + 10 * (index - 232)) * 0x010101
        default: return basicColors[min(15, max(0, index))]
        }
    }

    /// How bright a colour looks, 0...1 (the weights of Rec. 709, without the curve).
    static func brightness(_ color: UInt32) -> Double {
        let (red, green, blue) = channels(color)
        return (0.2126 * Double(red) + 0.7152 * Double(green) + 0.0722 * Double(blue)) / 255
    }

    private static func channels(_ color: UInt32) -> (Int, Int, Int) {
        (Int(color >> 16 & 0xFF), Int(color >> 8 & 0xFF), Int(color & 0xFF))
    }

    /// Levels meet in the middle between their values.
    private static func cubeLevel(_ value: Int) -> Int {
        value < 48 ? 0 : value < 115 ? 1 : min(5, (value - 35) / 40)
    }

    /// Squared, with green counting most and blue least, as the eye does.
    private static func distance(_ a: (Int, Int, Int), _ b: (Int, Int, Int)) -> Int {
        let (red, green, blue) = (a.0 - b.0, a.1 - b.1, a.2 - b.2)
        return 2 * red * red + 4 * green * green + blue * blue
    }
}

/// A colour that is one of the terminal's own sixteen rather than a shade: above 0xFFFFFF, so that it fits where colours
/// are 0xRRGGBB.
enum TerminalColor {
    private static let mark: UInt32 = 0x0100_0000

    /// Colour 0 to 15 of the terminal.
    static func named(_ index: Int) -> UInt32 { mark | UInt32(truncatingIfNeeded: index & 15) }

    /// The number, if the colour is one of these.
    static func index(of color: UInt32) -> Int? { color & mark != 0 ? Int(color & 15) : nil }
}
