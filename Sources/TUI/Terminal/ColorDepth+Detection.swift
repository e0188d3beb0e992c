/// What the user wants of colours (`--color`).
public enum ColorPreference: String, Sendable, CaseIterable {
    /// What the terminal and the environment say.
    case auto
    case never
    case ansi16 = "16"
    case indexed256 = "256"
    case truecolor
}

extension ColorDepth {
    /// Decides how many colours to use.
    ///
    /// A preference wins over the environment. `NO_COLOR` (set and not empty) turns colours off, and `COLORTERM` with
    /// `truecolor` or `24bit` tells of more than terminal descriptions can. `COLORS` may hold a number that limits them.
    /// - Parameters:
    ///   - terminalColors: the number in the terminal's description, 0 for none.
    static func detect(
        preference: ColorPreference,
        environment: [String: String],
        terminalColors: Int
    ) -> ColorDepth {
        let described: ColorDepth =
            switch terminalColors {
            case ..<8: .monochrome
            case ..<256: .ansi16
            default: .indexed256
            }
        switch preference {
        case .never: return .monochrome
        // ncurses cannot draw cells in more colours than described; pictures are written past it.
        case .truecolor: return .truecolor
        case .indexed256: return min(.indexed256, described)
        case .ansi16: return min(.ansi16, described)
        case .auto: break
        }
        if let value = environment["NO_COLOR"], !value.isEmpty { return .monochrome }
        let announcesTruecolor = ["truecolor", "24bit"].contains(environment["COLORTERM"]?.lowercased())
        // More than 256 colours in the description means 24 bits directly.
        let hasTruecolor = described == .indexed256 && (announcesTruecolor || terminalColors > 256)
        let depth = hasTruecolor ? .truecolor : described
        guard let limit = environment["COLORS"].flatMap({ Int($0) }) else { return depth }
        return min(depth, limit < 8 ? .monochrome : limit < 256 ? .ansi16 : limit == 256 ? .indexed256 : .truecolor)
    }

    /// A better description for terminals whose `TERM` promises too little: most that call themselves plain `xterm` or
    /// `screen` show 256 colours when `COLORTERM` or the user says so.
    /// - Parameter colors: the colours of a terminal type; 0 or less if it is unknown.
    /// - Returns: a terminal type to use instead of `TERM`, or `nil`.
    static func betterTerminalType(
        preference: ColorPreference,
        environment: [String: String],
        colors: (String) -> Int
    ) -> String? {
        let wantsMore = preference == .indexed256 || preference == .truecolor
        let hasMore = preference == .auto && environment["COLORTERM"].map { !$0.isEmpty } ?? false
        guard wantsMore || hasMore, let type = environment["TERM"], !type.isEmpty else { return nil }
        guard (1..<256).contains(colors(type)) else { return nil }
        let better = type + "-256color"
        return colors(better) >= 256 ? better : nil
    }
}
