import Foundation
import Testing

@testable import TUI

@Suite struct ThemeLoaderTests {
    private static let shipped = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../themes", directoryHint: .isDirectory).standardizedFileURL
    private static let shippedNames = ["ansi16", "ember", "forest", "highcontrast", "midnight", "mono", "paper"]

    private var shippedLoader: ThemeLoader { ThemeLoader(folders: [Self.shipped]) }

    /// Runs with a folder of themes that is removed afterwards.
    private func withThemes<Result>(
        _ files: [String: String],
        _ body: (ThemeLoader) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "vqclip-themes-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appending(path: name + ".toml"))
        }
        return try body(ThemeLoader(folders: [folder, Self.shipped]))
    }

    // MARK: What is shipped

    @Test(arguments: shippedNames) func shippedThemesLoadWithoutIssues(name: String) {
        let (theme, issues) = shippedLoader.load(name)
        #expect(issues.isEmpty, "\(issues)")
        #expect(theme.name == name)
        #expect(Set(theme.styles.keys) == Set(ThemeRole.allCases))
    }

    @Test func allShippedThemesAreListed() {
        #expect(shippedLoader.available() == Self.shippedNames)
        #expect(ThemeLoader(folders: []).available() == ["midnight", "mono"])
    }

    @Test(arguments: shippedNames) func shippedThemesNameEveryRole(name: String) throws {
        let text = try String(contentsOf: Self.shipped.appending(path: name + ".toml"), encoding: .utf8)
        let (document, issues) = ThemeDocument.parse(text, file: name)
        #expect(issues.isEmpty)
        #expect(Set(document.roles.keys) == Set(ThemeRole.allCases))
    }

    @Test func compiledInThemesEqualTheirFiles() {
        #expect(shippedLoader.load("midnight").theme == .midnight)
        #expect(shippedLoader.load("mono").theme == .monochrome)
    }

    @Test(arguments: ["ember", "forest", "highcontrast", "midnight", "paper"])
    func shippedColorsAreReadableAndTheSameEverywhere(name: String) throws {
        let faint: Set<ThemeRole> = [.border, .progress, .axis]
        for (role, style) in shippedLoader.load(name).theme.styles {
            let foreground = try #require(style.foreground)
            let background = try #require(style.background)
            #expect(contrast(foreground, background) >= (faint.contains(role) ? 1.8 : 4.5), "\(name) \(role)")
            for color in [foreground, background] {
                #expect(ColorQuantizer.color(of: ColorQuantizer.indexed256(color)) == color, "\(name) \(role)")
            }
        }
    }

    /// The contrast ratio of the Web Content Accessibility Guidelines, 1...21.
    private func contrast(_ a: UInt32, _ b: UInt32) -> Double {
        func luminance(_ color: UInt32) -> Double {
            let channels = [16, 8, 0].map { (shift: UInt32) -> Double in
                let value = Double(color >> shift & 255) / 255
                return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
        }
        let (light, dark) = (max(luminance(a), luminance(b)), min(luminance(a), luminance(b)))
        return (light + 0.05) / (dark + 0.05)
    }

    // MARK: Inheritance

    @Test func aChildChangesItsParentsPaletteAndRoles() throws {
        let child = """
            inherits = "midnight"
            [palette]
            ice = "#f00"
            [roles]
            muted = "ice"
            key = { fg = "bright-blue", bg = "default", underline = true }
            """
        let (theme, issues) = try withThemes(["child": child]) { $0.load("child") }
        #expect(issues.isEmpty)
        #expect(theme.name == "child")
        #expect(theme.style(of: .titleFocused).foreground == 0xFF0000)
        #expect(theme.style(of: .muted) == RoleStyle(foreground: 0xFF0000, background: 0x121212))
        #expect(theme.style(of: .key) == RoleStyle(foreground: TerminalColor.named(12), isUnderlined: true))
        #expect(theme.style(of: .text) == Theme.midnight.style(of: .text))
    }

    @Test func aUsersThemeMayBuildOnItsNamesake() throws {
        let (theme, issues) = try withThemes(["ember": "inherits = \"ember\"\n[palette]\nground = \"#000000\""]) {
            $0.load("ember")
        }
        #expect(issues.isEmpty)
        #expect(theme.style(of: .text) == RoleStyle(foreground: 0xFFD7AF, background: 0x000000))
    }

    @Test func cyclesAreIssues() throws {
        let files = ["a": "inherits = \"b\"", "b": "inherits = \"a\"\n[roles]\nok = \"#00ff00\""]
        let (theme, issues) = try withThemes(files) { $0.load("a") }
        #expect(issues.map(\.key) == ["inherits"])
        #expect(issues.first?.problem.contains("itself") == true)
        #expect(theme.style(of: .ok).foreground == 0x00FF00)
        #expect(theme.style(of: .error) == Theme.midnight.style(of: .error))
    }

    @Test func missingRolesComeFromTheDefault() throws {
        let (theme, issues) = try withThemes(["small": "[roles]\ntext = { fg = \"#ffffff\", bg = \"#000000\" }"]) {
            $0.load("small")
        }
        #expect(issues.isEmpty)
        #expect(theme.style(of: .text) == RoleStyle(foreground: 0xFFFFFF, background: 0))
        #expect(theme.style(of: .key) == Theme.midnight.style(of: .key))
    }

    // MARK: Issues

    @Test func unknownNamesAreIssuesWithTheNearestName() throws {
        let text = """
            colour = 1
            [roles]
            titel = { fg = "#ffffff" }
            ok = { fgg = "#ffffff", bold = "yes" }
            error = { fg = "gren" }
            info = 3
            [palette]
            ground = "#12"
            """
        let (theme, issues) = try withThemes(["odd": text]) { $0.load("odd") }
        let found = Dictionary(uniqueKeysWithValues: issues.map { ($0.key, $0.suggestion) })
        let expected: [String: String?] = [
            "colour": nil, "roles.titel": "title", "roles.ok.fgg": "fg", "roles.ok.bold": nil,
            "roles.error.fg": "green", "roles.info": nil, "palette.ground": nil,
        ]
        #expect(found == expected)
        #expect(issues.allSatisfy { $0.file.hasSuffix("/odd.toml") && !$0.problem.isEmpty })
        #expect(issues.contains { "\($0)".hasSuffix("did you mean \"title\"?") })
        #expect(theme.style(of: .title) == Theme.midnight.style(of: .title))
    }

    @Test(arguments: [
        "[roles", "roles = 3\npalette = []", "a = \"\u{0}\"", "\u{FEFF}", "[[roles]]\n[[roles]]", "= = =",
    ])
    func brokenFilesGiveTheDefault(text: String) throws {
        let (theme, _) = try withThemes(["broken": text]) { $0.load("broken") }
        #expect(theme.styles == Theme.midnight.styles)
    }

    @Test func brokenTomlNamesTheLine() throws {
        let (_, issues) = try withThemes(["broken": "inherits = \"paper\"\n[roles]\nok = = 1"]) { $0.load("broken") }
        #expect(issues.map(\.key) == ["line 3"])
    }

    @Test func filesThatAreNoTextsAreIssues() throws {
        #expect(ThemeLoader(folders: []).load("/dev/zero").issues.count == 1)
        #expect(ThemeLoader(folders: []).load("/nowhere/at-all.toml").issues.count == 1)
        let large = String(repeating: "# nothing\n", count: 40_000)
        #expect(try withThemes(["large": large]) { $0.load("large").issues.count } == 1)
    }

    @Test func anUnknownThemeNamesTheNearestOne() {
        let (theme, issues) = shippedLoader.load("papper")
        #expect(theme == .midnight)
        #expect(issues.map(\.suggestion) == ["paper"])
    }

    @Test func aPathWorksAsWell() {
        let (theme, issues) = ThemeLoader(folders: []).load(Self.shipped.appending(path: "paper.toml").path)
        #expect(issues.isEmpty)
        #expect(theme.name == "paper")
    }
}
