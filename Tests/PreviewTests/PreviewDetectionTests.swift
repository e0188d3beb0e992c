import Preview
import Testing

@Suite
struct PreviewDetectionTests {
    @Test(
        arguments: [
            ([:], PreviewMode.cells),
            (["TERM": "xterm-256color"], .cells),
            (["TERM": "linux"], .cells),
            (["TERM": "dumb", "COLORTERM": "truecolor"], .cells),
            (["TERM": "xterm-256color", "COLORTERM": "truecolor"], .truecolor),
            (["TERM": "xterm-256color", "COLORTERM": "24bit"], .truecolor),
            (["TERM": "xterm-direct"], .truecolor),
            (["TERM": "xterm-kitty", "COLORTERM": "truecolor"], .kitty),
            (["TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"], .kitty),
            (["TERM": "xterm-ghostty"], .kitty),
            (["TERM": "xterm-256color", "TERM_PROGRAM": "ghostty"], .kitty),
            (["TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor"], .iterm2),
            (["TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"], .iterm2),
            (["TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"], .iterm2),
            (["TERM": "foot"], .sixel),
            (["TERM": "foot-extra", "KITTY_WINDOW_ID": "1"], .sixel),
            (["TERM": "mlterm-256color"], .sixel),
            (["TERM": "contour-latest"], .sixel),
            (["TERM": "footloose"], .cells),
            (["TERM": "tmux-256color", "TMUX": "/tmp/x", "KITTY_WINDOW_ID": "1"], .cells),
            (["TERM": "screen.xterm-256color", "TERM_PROGRAM": "iTerm.app"], .cells),
            (["TERM": "foot", "STY": "1.pts"], .cells),
            (["TERM": "tmux-256color", "COLORTERM": "truecolor"], .truecolor),
            (["TERM": "xterm-kitty", "ZELLIJ": "0", "COLORTERM": "truecolor"], .truecolor),
            (["TERM": "xterm-kitty", "NO_COLOR": "1"], .cells),
            (["TERM": "xterm-kitty", "NO_COLOR": ""], .kitty),
        ] as [([String: String], PreviewMode)]
    )
    func modeFollowsEnvironment(environment: [String: String], mode: PreviewMode) {
        #expect(PreviewMode.detect(environment: environment) == mode)
    }

    @Test(
        arguments: [
            ([:], PreviewDepth.monochrome),
            (["TERM": "dumb"], .monochrome),
            (["TERM": "vt100"], .monochrome),
            (["TERM": "xterm-256color", "NO_COLOR": "1", "COLORTERM": "truecolor"], .monochrome),
            (["TERM": "linux"], .ansi16),
            (["TERM": "xterm"], .ansi16),
            (["TERM": "screen-256color"], .indexed256),
            (["TERM": "foot"], .indexed256),
            (["TERM": "xterm-256color", "COLORTERM": "truecolor"], .truecolor),
            (["TERM": "xterm-direct"], .truecolor),
        ] as [([String: String], PreviewDepth)]
    )
    func depthFollowsEnvironment(environment: [String: String], depth: PreviewDepth) {
        #expect(PreviewDepth.detect(environment: environment) == depth)
    }
}
