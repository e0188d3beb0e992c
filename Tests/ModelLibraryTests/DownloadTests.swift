import EngineKit
import Foundation
import Testing

@testable import ModelLibrary

@Suite("Downloading") struct DownloadTests {
    @Test(arguments: [
        "https://example.org/a", "http://127.0.0.1:8000/a", "http://localhost/a", "http://[::1]:80/",
        "http://127.8.9.1/",
    ])
    func theseAddressesAreFine(address: String) { #expect(DownloadAddress.problem(with: address) == nil) }

    @Test(arguments: [
        "", "a", "http://example.org/", "http://127.0.0.1.example.org/", "http://127.0.0/", "http://128.0.0.1/",
        "http://0177.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "javascript:1",
        "http://localhost.example.org/", "http://127.0.0.999/",
    ])
    func theseAreNot(address: String) { #expect(DownloadAddress.problem(with: address) != nil) }

    @Test func redirectionsStaySecure() {
        func isFine(_ origin: String, _ target: String) -> Bool {
            DownloadAddress.problem(withRedirectionFrom: origin, to: target) == nil
        }
        #expect(isFine("https://a.org/", "https://b.org/"))
        #expect(isFine("http://127.0.0.1/", "http://127.0.0.1/b"))
        #expect(isFine("http://127.0.0.1/", "https://b.org/"))
        #expect(!isFine("https://a.org/", "http://127.0.0.1/"))
        #expect(!isFine("http://127.0.0.1/", "http://b.org/"))
    }

    private func head(_ lines: String...) -> ResponseHead {
        var head = ResponseHead()
        for line in lines { head.add(line) }
        return head
    }

    @Test func headsOfAnswersAreUnderstood() {
        let whole = head("HTTP/1.1 100 Continue", "X: y", "", "HTTP/2 200", "Content-Length: 12", "ETag:\t\"a\"")
        #expect((whole.status, whole.contentLength, whole.total) == (200, 12, 12))
        #expect(whole.strongTag == "\"a\"" && whole["x"] == nil)
        let part = head("HTTP/1.1 206 Partial", "content-range: bytes 10-19/100", "Content-Length: 10", "ETag: W/\"a\"")
        #expect(part.contentRange?.start == 10 && part.total == 100 && part.strongTag == nil)
        let over = head("HTTP/1.1 416 No", "Content-Range: bytes */100")
        #expect(over.contentRange?.start == nil && over.total == 100)
        #expect(head("HTTP/1.1 200 OK", "Content-Type: Text/HTML; charset=x").isPage)
    }

    @Test(arguments: ["HTTP/", "HTTP/1.1", "HTTP/1.1 abc", "garbage", ":", "HTTP/1.1 99999999999999999999 x"])
    func malformedHeadsSayNothing(line: String) {
        let head = head(line, "Content-Length: -5", "Content-Range: bytes a-b/c", "Content-Range: items 1-2/3")
        #expect(head.status == 0 && head.contentLength == nil && head.total == nil)
    }

    @Test func pagesAreToldFromFiles() {
        for page in ["<!DOCTYPE html>", "\n  <html lang=en>", "<?xml version", "<HEAD>", "<!-- x -->"] {
            #expect(WebPage.begins(page.utf8))
        }
        for file in ["PK\u{3}\u{4}", "<\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}{\"a\"", "", "   "] {
            #expect(!WebPage.begins(file.utf8))
        }
    }

    @Test func whatArrivedIsKeptWithItsVersion() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.part")
        let version = PartialFile.Version(url: "https://a.org/", validator: "\"a\"", total: 6)
        do {
            let part = try PartialFile(path: path)
            try part.begin(version)
            try [1, 2, 3].withUnsafeBytes { try part.append(UnsafeRawBufferPointer(rebasing: $0[..<3])) }
        }
        let again = try PartialFile(path: path)
        #expect(again.count == 3 && again.version == version)
        try again.finish(as: folder.path("a"))
        #expect(FileManager.default.contents(atPath: folder.path("a"))?.count == 3)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func bytesOfAnUnknownVersionAreNotTrusted() throws {
        let folder = try TemporaryFolder()
        for description in [nil, "", "{}", "{\"url\":"] as [String?] {
            let path = folder.path("b.part")
            try Data([1, 2, 3]).write(to: URL(filePath: path))
            try? FileManager.default.removeItem(atPath: path + ".json")
            try description.map { try Data($0.utf8).write(to: URL(filePath: path + ".json")) }
            let part = try PartialFile(path: path)
            #expect(part.count == 0 && part.version == nil)
        }
    }

    @Test func sumsAreThoseOfTheStandard() throws {
        #expect(SHA256.sum(of: Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let folder = try TemporaryFolder()
        let path = folder.path("zeros")
        let bytes = [UInt8](repeating: 7, count: 2_500_000)
        try Data(bytes).write(to: URL(filePath: path))
        #expect(try SHA256.sum(ofFile: path) { _ in true } == SHA256.sum(of: bytes))
        #expect(try SHA256.sum(ofFile: path) { $0 < 2_000_000 } == nil)
        #expect(throws: EngineFailure.self) { try SHA256.sum(ofFile: folder.path("none")) { _ in true } }
    }

    @Test func aModelIsChangedByOneAtATime() throws {
        let folder = try TemporaryFolder()
        let lock = try ModelLock("a", in: folder.url)
        #expect(throws: EngineFailure.self) { try ModelLock("a", in: folder.url) }
        try ModelLock("b", in: folder.url).release()
        lock.release()
        try ModelLock("a", in: folder.url).release()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test func aFolderIsReplacedAsAWhole() throws {
        let folder = try TemporaryFolder()
        let place = folder.url.appending(path: "m", directoryHint: .isDirectory)
        for content in ["old", "new"] {
            let prepared = FolderSwap.temporary(for: "m", in: folder.url)
            try FolderSwap.create(prepared)
            try Data(content.utf8).write(to: prepared.appending(path: content))
            try FolderSwap.publish(prepared, as: place)
            #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == [content])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["m"])
    }
}
