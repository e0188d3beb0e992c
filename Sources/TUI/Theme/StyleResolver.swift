/// How a cell is drawn on a terminal: colour numbers and attributes.
struct ResolvedStyle: Sendable, Hashable {
    /// 0...255, or -1 for the terminal's own colour.
    var foreground = -1
    var background = -1
    var isBold = false
    var isUnderlined = false
    var isReversed = false
}

/// Turns a cell's style into what a terminal of some colour depth can show. Pure.
///
/// True colour counts like 256 colours here: ncurses draws the cells, and its 256 colours look the same everywhere.
/// Finer shades come with ``PictureOverlay``.
struct StyleResolver: Sendable {
    let theme: Theme
    let depth: ColorDepth
    private let roles: [ThemeRole: ResolvedStyle]

    init(theme: Theme, depth: ColorDepth) {
        self.theme = theme
        self.depth = depth
        // Without colour only attributes tell things apart; a theme of colours has too few of them.
        let usesColors = theme.styles.values.contains { $0.foreground != nil || $0.background != nil }
        let source = depth == .monochrome && usesColors ? Theme.monochrome : theme
        var roles: [ThemeRole: ResolvedStyle] = [:]
        for role in ThemeRole.allCases {
            roles[role] = Self.resolve(source.style(of: role), canvas: source.style(of: .text), depth: depth)
        }
        self.roles = roles
    }

    func resolve(_ style: CellStyle) -> ResolvedStyle {
        var result = roles[style.role] ?? ResolvedStyle()
        if let color = style.foreground { result.foreground = Self.number(of: color, depth: depth) }
        if let color = style.background { result.background = Self.number(of: color, depth: depth) }
        result.isBold = result.isBold || style.isBold
        result.isUnderlined = result.isUnderlined || style.isUnderlined
        // Reversed twice is not reversed, but it must still stand out from its surroundings.
        result.isReversed = result.isReversed != style.isReversed
        return result
    }

    /// The colour number at a depth; -1 without colour.
    static func number(of color: UInt32, depth: ColorDepth) -> Int {
        switch depth {
        case .monochrome: -1
        case .ansi16: ColorQuantizer.ansi16(color)
        case .indexed256, .truecolor: ColorQuantizer.indexed256(color)
        }
    }

    private static func resolve(_ style: RoleStyle, canvas: RoleStyle, depth: ColorDepth) -> ResolvedStyle {
        var result = ResolvedStyle(
            foreground: style.foreground.map { number(of: $0, depth: depth) } ?? -1,
            background: style.background.map { number(of: $0, depth: depth) } ?? -1,
            isBold: style.isBold,
            isUnderlined: style.isUnderlined,
            isReversed: style.isReversed
        )
        if depth == .ansi16 { keepApart(&result, style, canvas) }
        return result
    }

    /// Sixteen colours merge shades. A background that a role was given must still be seen, and so must its text.
    private static func keepApart(_ result: inout ResolvedStyle, _ style: RoleStyle, _ canvas: RoleStyle) {
        if let background = style.background, background != canvas.background,
            let canvasBackground = canvas.background,
            result.background == ColorQuantizer.ansi16(canvasBackground)
        {
            result.isReversed = true
        }
        if let background = style.background, result.foreground == result.background {
            result.foreground = ColorQuantizer.brightness(background) > 0.5 ? 0 : 15
        }
    }
}
