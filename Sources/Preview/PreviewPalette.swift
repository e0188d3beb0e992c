/// The colours that cells of the indexed depths are made of, as 0xRRGGBB.
///
/// Terminals let the user redefine colours 0…15, so these values are names rather than appearances: the terminal layer maps
/// them back to the index with ``index16(of:)`` or ``index256(of:)``.
public enum PreviewPalette {
    /// Black, maroon, green, olive, navy, purple, teal, silver; then grey, red, lime, yellow, blue, fuchsia, aqua, white.
    public static let ansi16: [UInt32] = [
        0x000000, 0x800000, 0x008000, 0x808000, 0x000080, 0x800080, 0x008080, 0xC0C0C0,
        0x808080, 0xFF0000, 0x00FF00, 0xFFFF00, 0x0000FF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    ]

    /// xterm's 256 colours: ``ansi16``, a 6×6×6 cube, and 24 greys. Cells of ``PreviewDepth/indexed256`` use 16…255 only.
    public static let xterm256: [UInt32] = {
        let levels: [UInt32] = [0, 95, 135, 175, 215, 255]
        let cube = levels.flatMap { red in
            levels.flatMap { green in levels.map { blue in red << 16 | green << 8 | blue } }
        }
        let greys = (0..<24).map { (8 + 10 * UInt32($0)) * 0x010101 }
        return ansi16 + cube + greys
    }()

    /// - Returns: 0…15, or `nil` for a colour that is not among ``ansi16``.
    public static func index16(of colour: UInt32) -> Int? { ansi16.firstIndex(of: colour) }

    /// - Returns: 16…255, or `nil` for a colour that is neither in the cube nor among the greys.
    public static func index256(of colour: UInt32) -> Int? { fixedIndices[colour] }

    private static let fixedIndices = Dictionary(
        xterm256.enumerated().dropFirst(16).map { ($0.element, $0.offset) },
        uniquingKeysWith: { first, _ in first }
    )
}
