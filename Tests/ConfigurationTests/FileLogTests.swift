import Dispatch
import EngineKit
import Foundation
import Glibc
import Logging
import Testing

@testable import Configuration

@Suite("log file")
struct FileLogTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.url.appending(path: "state/vqclip-tui/vqclip-tui.log")
    }

    private func text(_ file: URL) throws -> String {
        String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    private var older: URL { URL(filePath: file.path + ".1") }

    @Test func lineTellsTimeLevelLabelAndMessage() {
        let line = FileLogHandler.line(
            time: Date(timeIntervalSince1970: 1_767_225_600),
            level: .info,
            label: "engine",
            message: "loaded",
            metadata: ["steps": "3", "model": "small"]
        )
        #expect(line == "2026-01-01T00:00:00Z info engine: loaded model=small steps=3")
    }

    @Test func messageCannotForgeALineOrSteerATerminal() {
        let line = FileLogHandler.line(
            time: Date(timeIntervalSince1970: 0),
            level: .error,
            label: "x",
            message: "a\n1970\u{1B}[2J\u{9B}1m"
        )
        #expect(line == "1970-01-01T00:00:00Z error x: a\n    1970\u{FFFD}[2J\u{FFFD}1m")
    }

    @Test func foldersAreCreatedAndTheFileIsPrivate() throws {
        let log = try FileLog.open(file)
        log.write("first")
        var status = stat()
        #expect(fstat(log.fileDescriptor, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(try text(file) == "first\n")
    }

    @Test func openingAgainAppends() throws {
        try FileLog.open(file).write("first")
        try FileLog.open(file).write("second")
        #expect(try text(file) == "first\nsecond\n")
    }

    @Test func loggerRespectsItsLevel() throws {
        let log = try FileLog.open(file)
        var logger = Logger(label: "engine") { FileLogHandler(label: $0, level: .info, log: log) }
        logger[metadataKey: "run"] = "7"
        logger.debug("hidden")
        logger.notice("shown", metadata: ["step": "2"])
        #expect(try text(file).hasSuffix("Z notice engine: shown run=7 step=2\n"))
        #expect(try !text(file).contains("hidden"))
    }

    @Test func fullFileIsRotatedOnce() throws {
        let log = try FileLog.open(file, sizeLimit: 100)
        let line = String(repeating: "x", count: 59)
        for index in 0..<7 { log.write("\(index)" + line.dropFirst()) }
        #expect(try text(older).split(separator: "\n").map(\.first) == ["4", "5"])
        #expect(try text(file).split(separator: "\n").map(\.first) == ["6"])
        let names = try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
        #expect(names.sorted() == ["vqclip-tui.log", "vqclip-tui.log.1"])
    }

    @Test func descriptorStaysGoodAfterRotation() throws {
        let log = try FileLog.open(file, sizeLimit: 10)
        let copy = dup(log.fileDescriptor)
        defer { close(copy) }
        log.write("0123456789")
        log.write("new")
        #expect(write(copy, "raw\n", 4) == 4)
        #expect(try text(file) == "new\nraw\n")
    }

    @Test func linesOfManyThreadsStayWhole() throws {
        let log = try FileLog.open(file, sizeLimit: 1 << 30)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<200 { log.write(String(repeating: "\(thread)", count: 80)) }
        }
        let lines = try text(file).split(separator: "\n")
        #expect(lines.count == 1600)
        #expect(lines.allSatisfy { Set($0).count == 1 && $0.count == 80 })
    }

    @Test(arguments: ["/dev/null/state/a.log", "/proc/a.log", "/dev/null", "/"])
    func unusablePlaceIsAnErrorWithItsReason(path: String) {
        #expect(throws: FileLogError.self) { try FileLog.open(URL(filePath: path)) }
    }

    @Test func withoutALogTheProgramGoesOn() async {
        await #expect(processExitsWith: .success) {
            let outcome = FileLog.start(level: .info, file: URL(filePath: "/dev/null/a.log"))
            Logger(label: "engine").error("nobody hears this")
            guard case .failure(let error) = outcome,
                error.description.hasPrefix("cannot write the log /dev/null/a.log")
            else { exit(1) }
        }
    }

    @Test func startSendsEveryLoggerToTheFile() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let file = folder.url.appending(path: "a.log")
            _ = FileLog.start(level: .notice, file: file)
            Logger(label: "engine").notice("heard")
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            guard text.hasSuffix("Z notice engine: heard\n") else { exit(1) }
        }
    }
}
