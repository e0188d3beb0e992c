/// How a cell's text is drawn: a role of the theme, plus attributes that the theme does not decide.
struct CellStyle: Sendable, Hashable {
    /// Foreground and background by meaning; the theme turns it into colours.
    var role: ThemeRole
    /// Colours that win over the role's, 0xRRGGBB: pictures and gradients.
    var foreground: UInt32?
    var background: UInt32?
    var isBold = false
    var isUnderlined = false
    /// Foreground and background exchanged, which also shows on a terminal without colour.
    var isReversed = false

    init(
        _ role: ThemeRole = .text,
        foreground: UInt32? = nil,
        background: UInt32? = nil,
        isBold: Bool = false,
        isUnderlined: Bool = false,
        isReversed: Bool = false
    ) {
        self.role = role
        self.foreground = foreground
        self.background = background
        self.isBold = isBold
        self.isUnderlined = isUnderlined
        self.isReversed = isReversed
    }
}

/// One character position of the screen.
struct Cell: Sendable, Hashable {
    /// The grapheme drawn here; empty in the second half of a wide character.
    var text: String
    var style: CellStyle

    static let blank = Cell(text: " ", style: CellStyle())
}
