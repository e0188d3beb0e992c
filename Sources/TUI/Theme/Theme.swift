/// Colours and attributes of one role.
struct RoleStyle: Sendable, Hashable {
    /// 0xRRGGBB, or `nil` for the terminal's own colour.
    var foreground: UInt32?
    var background: UInt32?
    var isBold = false
    var isUnderlined = false
    var isReversed = false
}

/// A complete look: every role has a style.
struct Theme: Sendable, Equatable {
    var name: String
    var styles: [ThemeRole: RoleStyle]

    func style(of role: ThemeRole) -> RoleStyle { styles[role] ?? RoleStyle() }
}
