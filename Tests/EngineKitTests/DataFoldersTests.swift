import Foundation
import Testing

@testable import EngineKit

@Suite("Folders and frames")
struct DataFoldersTests {
    @Test func withoutVariablesEverythingIsUnderTheHomeFolder() {
        let folders = DataFolders(environment: ["HOME": "/home/ada"])
        #expect(folders.configurationFile.path == "/home/ada/.config/vqclip-tui/config.toml")
        #expect(folders.userThemes.path == "/home/ada/.config/vqclip-tui/themes")
        #expect(folders.runs.path == "/home/ada/.local/share/vqclip-tui/runs")
        #expect(folders.models.path == "/home/ada/.local/share/vqclip-tui/models")
        #expect(folders.logFile.path == "/home/ada/.local/state/vqclip-tui/vqclip-tui.log")
    }

    @Test func absoluteVariablesWin() {
        let folders = DataFolders(environment: [
            "HOME": "/home/ada", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d e/", "XDG_STATE_HOME": "/s",
        ])
        #expect(folders.configuration.path == "/c/vqclip-tui")
        #expect(folders.data.path == "/d e/vqclip-tui")
        #expect(folders.state.path == "/s/vqclip-tui")
    }

    @Test(arguments: ["", "relative", "./here", "~/there"])
    func relativeVariablesAreIgnored(value: String) {
        let environment = ["HOME": "/home/ada"]
        let names = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"]
        let changed = environment.merging(names.map { ($0, value) }) { $1 }
        #expect(DataFolders(environment: changed) == DataFolders(environment: environment))
    }

    @Test func aShareFolderOfTheUsersIsLookedInFirst() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "share-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data().write(to: folder.appending(path: "themes"))
        let found = ProgramFiles.find("themes", environment: ["VQCLIP_SHARE": folder.path])
        #expect(found?.path == folder.appending(path: "themes").path)
        #expect(ProgramFiles.find("no such thing \(UUID())", environment: ["VQCLIP_SHARE": folder.path]) == nil)
    }

    @Test func aFrameHoldsExactlyItsPixels() throws {
        let frame = try #require(Frame(step: 3, width: 2, height: 1, rgb: [1, 2, 3, 4, 5, 6]))
        #expect((frame.step, frame.width, frame.height) == (3, 2, 1))
        #expect(frame.rgb == [1, 2, 3, 4, 5, 6])
        #expect(!String(reflecting: frame).contains("rgb"), "a dump does not list the bytes")
    }

    @Test(arguments: [
        (2, 1, 5), (2, 1, 7), (0, 1, 0), (1, 0, 0), (-1, -1, 3), (1 << 32, 1 << 32, 0), (1 << 62, 1, 3),
    ])
    func bytesThatDoNotFitAreRefused(width: Int, height: Int, count: Int) {
        #expect(Frame(step: 0, width: width, height: height, rgb: Array(repeating: 0, count: count)) == nil)
    }

    @Test func anyErrorBecomesAFailureForTheUser() {
        struct Odd: Error, CustomStringConvertible { let description = "odd" }
        #expect(EngineFailure(describing: Odd()) == EngineFailure(.other, "odd"))
        let setting = SettingError(key: "cuts", message: "no")
        #expect(EngineFailure(describing: setting) == EngineFailure(.settings, "cuts: no"))
        let prompt = PromptSyntaxError(message: "no text", column: 0, source: "")
        #expect(EngineFailure(describing: prompt) == EngineFailure(.prompt, "no text"))
        let failure = EngineFailure(.memory, "too large", hint: "smaller")
        #expect(EngineFailure(describing: failure) == failure)
        #expect(failure.description == "too large; smaller")
    }
}
