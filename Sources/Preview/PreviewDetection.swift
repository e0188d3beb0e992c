extension PreviewMode {
    /// The best mode that the environment says the terminal has. Nothing is asked of the terminal.
    ///
    /// - `NO_COLOR` set and not empty: ``cells``, to be drawn in ``PreviewDepth/monochrome``.
    /// - Inside tmux, screen or zellij never a pixel protocol, which they garble or leave behind; ``truecolor`` if
    ///   `COLORTERM` promises it.
    /// - `TERM` comes before the variables that terminals set, as those are inherited by other terminals started inside.
    /// - Terminals in which a protocol is optional, such as xterm with sixel, are not taken to have it.
    public static func detect(environment: [String: String]) -> PreviewMode {
        let terminal = environment["TERM"] ?? ""
        guard !environment.isSet("NO_COLOR"), terminal != "dumb" else { return .cells }
        guard !isMultiplexed(environment) else { return environment.promisesTruecolor ? .truecolor : .cells }
        if let mode = mode(terminal: terminal) ?? mode(variables: environment) { return mode }
        return environment.promisesTruecolor || terminal.hasSuffix("-direct") ? .truecolor : .cells
    }

    private static func isMultiplexed(_ environment: [String: String]) -> Bool {
        let terminal = environment["TERM"] ?? ""
        return ["TMUX", "STY", "ZELLIJ"].contains { environment.isSet($0) }
            || ["screen", "tmux"].contains { terminal.hasPrefix($0) }
    }

    private static func mode(terminal: String) -> PreviewMode? {
        switch terminal {
        case "xterm-kitty", "xterm-ghostty", "ghostty": return .kitty
        case "wezterm": return .iterm2
        default:
            // Also their variants, such as foot-direct or mlterm-256color.
            let family = terminal.prefix { $0 != "-" }
            return ["foot", "mlterm", "contour", "yaft", "sixel"].contains(family) ? .sixel : nil
        }
    }

    private static func mode(variables environment: [String: String]) -> PreviewMode? {
        if environment.isSet("KITTY_WINDOW_ID") || environment.isSet("GHOSTTY_RESOURCES_DIR") { return .kitty }
        switch environment["TERM_PROGRAM"] {
        case "ghostty": return .kitty
        case "iTerm.app", "WezTerm": return .iterm2
        case "mintty", "contour": return .sixel
        default:
            // iTerm2 sends this one through SSH.
            return environment["LC_TERMINAL"] == "iTerm2" ? .iterm2 : nil
        }
    }
}

extension PreviewDepth {
    /// The number of colours that the environment promises, for ``PreviewMode/cells``.
    ///
    /// A front end that asks the terminal's description of its own should take the lesser of both, and
    /// ``PreviewDepth/monochrome`` whenever this says so.
    public static func detect(environment: [String: String]) -> PreviewDepth {
        let terminal = environment["TERM"] ?? ""
        guard !environment.isSet("NO_COLOR"), !terminal.isEmpty, terminal != "dumb" else { return .monochrome }
        if environment.promisesTruecolor || terminal.hasSuffix("-direct") { return .truecolor }
        if ["vt52", "vt100", "vt102", "vt220", "vt320", "vt420"].contains(terminal) { return .monochrome }
        let rich = ["xterm-kitty", "xterm-ghostty", "foot", "wezterm", "contour"]
        return terminal.contains("256color") || rich.contains(terminal) ? .indexed256 : .ansi16
    }
}

extension [String: String] {
    fileprivate func isSet(_ name: String) -> Bool { self[name].map { !$0.isEmpty } ?? false }

    fileprivate var promisesTruecolor: Bool { ["truecolor", "24bit"].contains(self["COLORTERM"]?.lowercased()) }
}
