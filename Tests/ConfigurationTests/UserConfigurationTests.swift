import Configuration
import EngineKit
import Foundation
import Glibc
import Logging
import Testing

@Suite("config.toml")
struct UserConfigurationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func load(_ text: String) throws -> (configuration: UserConfiguration, issues: [ConfigurationIssue]) {
        UserConfiguration.load(from: try folder.file("config.toml", text))
    }

    /// Issues as `line key: problem`, without the file.
    private func problems(_ text: String) throws -> [String] {
        try load(text).issues.map { "\($0.line.map(String.init) ?? "-") \($0.key): \($0.problem)" }
    }

    @Test func missingFileMeansDefaults() {
        let (configuration, issues) = UserConfiguration.load(from: folder.url.appending(path: "none/config.toml"))
        #expect(configuration == UserConfiguration())
        #expect(issues.isEmpty)
    }

    @Test func everyKeyIsRead() throws {
        let (configuration, issues) = try load(
            """
            theme = "dusk"
            preview = "kitty"
            color = "256"
            log-level = "debug"
            device = "cuda:0"

            [model]
            vqgan = "~/models/f16.ckpt"
            clip = "ViT-B/32"

            [settings]
            size = [192, 128]
            steps = 120
            learning-rate = 0.25
            augmentations = ["Af", "Ji"]
            start = "sketch"

            [keys]
            save-picture = "ctrl-s"
            """
        )
        var expected = UserConfiguration()
        expected.theme = "dusk"
        expected.preview = "kitty"
        expected.color = "256"
        expected.logLevel = .debug
        expected.device = "cuda:0"
        expected.vqgan = "~/models/f16.ckpt"
        expected.clip = "ViT-B/32"
        expected.settings = [
            .size: "192x128", .steps: "120", .learningRate: "0.25", .augmentations: "Af Ji", .start: "sketch",
        ]
        expected.keys = ["save-picture": "ctrl-s"]
        #expect(issues.isEmpty)
        #expect(configuration == expected)
    }

    @Test(arguments: SettingKey.allCases)
    func everySettingTakesItsOwnNotation(key: SettingKey) throws {
        let notation = RunSettings().value(of: key)
        let (configuration, issues) = try load("[settings]\n\(key.rawValue) = \"\(notation)\"\n")
        #expect(issues.isEmpty)
        #expect(configuration.settings == [key: notation])
    }

    @Test(arguments: [
        ("seed = 7", "7"), ("steps = 3e2", "300"), ("augmentations = []", "none"), ("size = \"64\"", "64x64"),
        ("rate-schedule = \"Cooling\"", "cooling"), ("noise = 1", "1"),
    ])
    func valuesOfTOMLBecomeTheNotation(line: String, notation: String) throws {
        let (configuration, issues) = try load("[settings]\n" + line)
        #expect(issues.isEmpty)
        #expect(Array(configuration.settings.values) == [notation])
    }

    @Test(arguments: [
        ("thème = \"x\"", "1 "),
        ("theem = \"x\"", "1 theem: is unknown; did you mean 'theme'?"),
        ("# first\n[setings]\nsteps = 1", "2 setings: is unknown; did you mean 'settings'?"),
        ("[settings]\n\n  step = 5", "3 settings.step: is unknown; did you mean 'steps'?"),
        ("settings.learning_rate = 5", "1 settings.learning_rate: is unknown; did you mean 'learning-rate'?"),
        ("[model]\nvgqan = \"x\"", "2 model.vgqan: is unknown; did you mean 'vqgan'?"),
        ("[model]\nzzzzzzz = \"x\"", "2 model.zzzzzzz: is unknown; there are vqgan, clip"),
    ])
    func unknownKeyNamesTheNearest(text: String, problem: String) throws {
        let found = try problems(text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(problem) == true, "\(found)")
    }

    @Test(arguments: [
        ("theme = 5", "1 theme: is a number; write a text in quotes"),
        ("theme = \" \"", "1 theme: is empty"),
        ("log-level = \"loud\"", "1 log-level: 'loud' is unknown; choose one of trace"),
        ("model = true", "1 model: is true or false; write it as a section, [model]"),
        ("[keys]\nquit = [\"q\"]", "2 keys.quit: is a list; write a text in quotes"),
        ("[settings]\nsteps = 0", "2 settings.steps: '0' is not a whole number from 1"),
        ("[settings]\nsteps = 1.5", "2 settings.steps: '1.5' is not a whole number"),
        ("[settings]\nnoise = nan", "2 settings.noise: 'nan' is not a number"),
        ("[settings]\nnoise = inf", "2 settings.noise: 'inf' is not a number"),
        ("[settings]\nsize = 2026-01-01", "2 settings.size: is a date; write picture size"),
        ("[settings]\nsize = {width = 5}", "2 settings.size: is a table; write picture size"),
        ("[settings]\nsize = [5, {}]", "2 settings.size: is a list; write picture size"),
        ("[settings]\ncut-method = \"newest\"", "2 settings.cut-method: 'newest' is unknown; choose latest"),
    ])
    func unusableValueSaysWhatWouldDo(text: String, problem: String) throws {
        let found = try problems(text)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix(problem) == true, "\(found)")
    }

    @Test func oneBadValueSparesTheOthers() throws {
        let (configuration, issues) = try load("theme = \"dusk\"\n[settings]\ncuts = -1\nsteps = 9\n")
        #expect(issues.map(\.key) == ["settings.cuts"])
        #expect(configuration.theme == "dusk")
        #expect(configuration.settings == [.steps: "9"])
    }

    @Test func issuesComeInTheOrderOfTheFile() throws {
        let (_, issues) = try load("zebra = 1\nape = 2\n[settings]\nsteps = 0\ncuts = 0\n")
        #expect(issues.compactMap(\.line) == [1, 2, 4, 5])
    }

    @Test(arguments: [
        "theme = \n", "theme = \"a\"\ntheme = \"b\"\n", "[settings\n", "a = \"\u{1}\"", "= 1", "[=]", "[\n", " [é]",
        "[[ $ ]]", "[.a]", "[]", "[[]]", "[", "theme = # none", "a = ]", "a = [1 2]", "a = 1 2", "a = 01", "a = 1__0",
        "a = '''x",
    ])
    func badTOMLNamesTheLine(text: String) throws {
        let (configuration, issues) = try load("# comment\n" + text)
        #expect(configuration == UserConfiguration())
        #expect(issues.count == 1)
        #expect((issues.first?.line ?? 0) >= 2, "\(issues)")
        #expect(issues.first?.problem.hasPrefix("is not TOML: ") == true)
    }

    @Test func issueReadsAsAPlaceAndAProblem() {
        let file = URL(filePath: "/etc/config.toml")
        let issue = ConfigurationIssue(file: file, line: 3, key: "theme", problem: "is empty")
        #expect(issue.description == "/etc/config.toml:3: theme: is empty")
        let whole = ConfigurationIssue(file: file, line: nil, key: "", problem: "is not a file")
        #expect(whole.description == "/etc/config.toml: is not a file")
    }
}

@Suite("config.toml, hostile")
struct HostileConfigurationTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func problem(of file: URL) -> String? {
        let (configuration, issues) = UserConfiguration.load(from: file)
        #expect(configuration == UserConfiguration())
        #expect(issues.count == 1)
        return issues.first?.problem
    }

    @Test func folderInItsPlace() {
        #expect(problem(of: folder.url) == "is not a file")
    }

    @Test func namedPipeInItsPlaceDoesNotBlock() {
        let pipe = folder.url.appending(path: "pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        #expect(problem(of: pipe) == "is not a file")
    }

    @Test func linkToItselfIsUnreadable() throws {
        let link = folder.url.appending(path: "loop")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: link)
        #expect(problem(of: link)?.hasPrefix("cannot be read: ") == true)
    }

    @Test func endlessDeviceIsNotRead() {
        #expect(problem(of: URL(filePath: "/dev/zero")) == "is not a file")
    }

    @Test func largeFileIsRefused() throws {
        let file = try folder.file("config.toml", "")
        #expect(truncate(file.path, 100 << 20) == 0)
        #expect(problem(of: file) == "is larger than 1 MiB and was not read")
    }

    @Test func otherEncodingIsRefused() throws {
        #expect(problem(of: try folder.file("config.toml", [0x61, 0x3D, 0xFF, 0xFE])) == "is not UTF-8 text")
    }

    @Test func byteOfZeroIsRefused() throws {
        let file = try folder.file("config.toml", "theme = \"a\"\n# \0\n")
        let (_, issues) = UserConfiguration.load(from: file)
        #expect(issues.map(\.line) == [2])
    }

    @Test func escapedZeroInAKeyIsAnUnknownKey() throws {
        let file = try folder.file("config.toml", "\"a\\u0000b\" = 1\n[settings]\n\"\\u0000\" = 2\n")
        #expect(UserConfiguration.load(from: file).issues.count == 2)
    }

    @Test func deepNestingIsAnError() throws {
        let nested = "a = " + String(repeating: "[", count: 100_000)
        #expect(problem(of: try folder.file("config.toml", nested))?.hasPrefix("is not TOML: ") == true)
    }

    /// A good file with damage, the same in every run: nothing may trap, whatever comes of it.
    @Test func anyBytesAreSurvived() throws {
        var generator = SplitMix(state: 1)
        let rounds = Int(ProcessInfo.processInfo.environment["VQCLIP_FUZZ_ROUNDS"] ?? "") ?? 2000
        let good = Array("theme = \"a\"\n[settings]\nsize = [1, 2]\nsteps = 0x1F\n[keys]\nq = '''x'''\n[[k]]\n".utf8)
        for round in 0..<rounds {
            var bytes = round % 3 == 0 ? Array(good.shuffled(using: &generator).prefix(40)) : good
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: bytes.indices, using: &generator)
                let printable = UInt8.random(in: 0x20...0x7E, using: &generator)
                bytes[index] = round % 2 == 0 ? printable : UInt8.random(in: 0...255, using: &generator)
            }
            _ = UserConfiguration.load(from: try folder.file("config.toml", bytes))
        }
    }
}

/// Vigna's SplitMix64, so that a failing round can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
