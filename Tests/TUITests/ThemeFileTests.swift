import Foundation
import Testing

@testable import TUI

@Suite("Theme files")
struct ThemeFileTests {
    /// The folder of the themes that come with the program.
    private static let shipped = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "themes", directoryHint: .isDirectory)
    private static let names = ["ansi16", "ember", "forest", "highcontrast", "midnight", "mono", "paper"]

    private func parse(_ text: String) -> (document: ThemeDocument, issues: [ThemeIssue]) {
        ThemeDocument.parse(text, file: "dusk.toml")
    }

    @Test(arguments: names)
    func everyShippedThemeIsReadWithoutIssues(name: String) {
        let (theme, issues) = ThemeLoader(folders: [Self.shipped]).load(name)
        #expect(issues.isEmpty, "\(issues)")
        #expect(theme.name == name)
        #expect(theme.styles.count == ThemeRole.allCases.count)
    }

    @Test func theCompiledInThemesEqualTheirFiles() {
        let loader = ThemeLoader(folders: [Self.shipped])
        #expect(loader.load("midnight").theme.styles == Theme.midnight.styles)
        #expect(loader.load("mono").theme.styles == Theme.monochrome.styles)
    }

    @Test(arguments: [
        ("[=]", 1), ("title = # none", 1), ("theme = # none", 1), ("[roles]\ntext = # none", 2),
        ("[roles", 1), ("[roles]]", 1), ("[[roles]]", 1), ("inherits = \"mid", 1), ("= 1", 1), ("\u{0}", 1),
        ("[palette]\nred = \"#f00\"\nred = \"#e00\"", 3), ("[roles]\n\n[roles]", 3),
        ("[roles]\ntext = { fg = \"red\", }", 2), ("[roles]\ntext = {\nfg = \"red\" }", 2),
        ("\u{1F319}", 1), ("inherits = 'a' b", 1), ("a = [[[[[[", 1), ("a = {b = {c = {", 1),
    ])
    func malformedTextsNameTheirLine(text: String, line: Int) {
        let (document, issues) = parse(text)
        #expect(issues.map(\.line) == [line], "\(issues)")
        #expect(issues.first?.problem.hasPrefix("is not TOML: ") == true, "\(issues)")
        #expect(document == ThemeDocument(file: "dusk.toml"))
        #expect(issues.first?.description.hasPrefix("dusk.toml:\(line): is not TOML") == true)
    }

    @Test func whatCannotBeUsedNamesItsLineAndKeepsTheRest() {
        let text = """
            inherit = "midnight"
            palette = { red = "#f00", sea = 5 }
            [roles]
            texxt = "red"
            title = { fg = "red", bold = "yes",
            """
        #expect(parse(text).issues.map(\.line) == [5])
        let (document, issues) = parse(text.split(separator: "\n").dropLast().joined(separator: "\n") + "\nmuted = 3")
        #expect(issues.map(\.line) == [1, 2, 4, 5])
        #expect(issues.map(\.key) == ["inherit", "palette.sea", "roles.texxt", "roles.muted"])
        #expect(issues.map(\.suggestion) == ["inherits", nil, "text", nil])
        #expect(document.palette == ["red": "#f00"])
        #expect(document.roles.isEmpty)
    }

    @Test func tablesOfTheWrongKindAreIssues() {
        let (document, issues) = parse("roles = 1\npalette = [\"#fff\"]\ninherits = true\n")
        #expect(issues.map(\.key) == ["roles", "palette", "inherits"])
        #expect(issues.map(\.line) == [1, 2, 3])
        #expect(document == ThemeDocument(file: "dusk.toml"))
    }

    @Test(arguments: names)
    func aThemeCutOffAnywhereIsReadRightOrNamesItsLastLine(name: String) throws {
        let bytes = Array(try Data(contentsOf: Self.shipped.appending(path: name + ".toml")))
        let whole = parse(String(decoding: bytes, as: UTF8.self)).document
        var withIssues = 0
        for end in bytes.indices {
            let text = String(decoding: bytes[..<end], as: UTF8.self)
            let (document, issues) = parse(text)
            let line = 1 + bytes[..<end].count { $0 == UInt8(ascii: "\n") }
            if issues.isEmpty {
                // Nothing may have been made up of half a line.
                let isRight =
                    document.roles.allSatisfy { whole.roles[$0.key] == $0.value }
                    && document.palette.allSatisfy { whole.palette[$0.key] == $0.value }
                #expect(isRight, "\(name) cut off after \(end) bytes")
            } else {
                withIssues += 1
                #expect(issues.allSatisfy { $0.line == line }, "\(name) cut off after \(end) bytes: \(issues)")
            }
        }
        #expect(withIssues > bytes.count / 2)
    }

    @Test func binaryFilesAreIssues() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "themes-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let junk: [[UInt8]] = [
            [0xFF, 0xFE, 0x00], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A], Array(repeating: 0, count: 300),
            Array(0...255), [0xC3], [0x1B, 0x5B, 0x32, 0x4A],
        ]
        for (index, bytes) in junk.enumerated() {
            let file = folder.appending(path: "junk\(index).toml")
            try Data(bytes).write(to: file)
            let (theme, issues) = ThemeLoader(folders: [folder]).load("junk\(index)")
            #expect(issues.count == 1, "\(issues)")
            #expect(theme.styles == Theme.midnight.styles)
        }
    }

    @Test func randomTextsGiveIssuesAndNeverMore() {
        let alphabet = Array("[]{}=\"'#.,\\\n\t -_+:aéroles\u{0}\u{7F}0123456789textfgbold".unicodeScalars)
        var state: UInt64 = 11
        for _ in 0..<3000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<(state % 40) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let (document, issues) = parse(String(text))
            // Whatever is not blank or a comment is either kept or named.
            let lines = String(text).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let isEmpty = lines.allSatisfy { $0.isEmpty || $0.hasPrefix("#") || $0 == "[roles]" || $0 == "[palette]" }
            if !isEmpty, document == ThemeDocument(file: "dusk.toml") { #expect(!issues.isEmpty, "\(String(text))") }
        }
    }
}
