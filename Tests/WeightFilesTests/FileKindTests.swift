import Foundation
import Glibc
import Testing
import WeightFiles

@Suite("What is no weight file")
struct FileKindTests {
    @Test(arguments: [
        (
            "<!DOCTYPE html><html><body>Sign in</body></html>",
            "is a web page, not a weight file; download the file itself"
        ),
        ("\u{FEFF}\n  <HTML lang=\"de\">", "is a web page"), ("<?xml version=\"1.0\"?><Error/>", "is a text"),
        ("<?xml version=\"1.0\"?><html><head/></html>", "is a web page"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4263525412\n", "is a pointer of git-lfs"),
        ("{\"error\": \"not found\"}", "is a text"), ("model:\n  target: taming\n", "is a text"),
        ("PK\u{5}\u{6}", "is cut off"), ("GGUF1234567890", "is a GGUF file"),
        ("%PDF-1.4 and so on", "is a PDF document"),
    ])
    func textsAreNamed(text: String, expected: String) throws {
        let problem = try problem(Array(text.utf8))
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0], "compressed by gzip, not a weight file; unpack it first"),
            ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"), ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
            ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "an array of NumPy"), ([0x80, 9], "the unknown protocol 9"),
        ] as [([UInt8], String)]
    )
    func otherFormatsAreNamed(start: [UInt8], expected: String) throws {
        let problem = try problem(start + Array(repeating: 0, count: 100))
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test(arguments: [
        ("sys_info", "is in the tar format that PyTorch wrote before 2017"), ("notes.txt", "is a tar archive"),
    ])
    func tarArchivesAreNamed(name: String, expected: String) throws {
        var file = [UInt8](repeating: 0, count: 1024)
        file.replaceSubrange(0..<name.utf8.count, with: name.utf8)
        file.replaceSubrange(257..<262, with: "ustar".utf8)
        #expect(try problem(file).contains(expected))
    }

    @Test func whatIsNoFileIsNamed() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let fifo = folder + "/fifo-\(UUID().uuidString)"
        let loop = folder + "/loop-\(UUID().uuidString)"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(symlink(loop, loop) == 0)
        defer {
            unlink(fifo)
            unlink(loop)
        }
        for (path, expected) in [
            (folder, "is a folder"), (fifo, "is not a regular file"), ("/dev/zero", "is not a regular file"),
            ("/no such file", "does not exist"), ("", "does not exist"), ("/dev/null/x", "does not exist"),
            (loop, "is a symbolic link that leads to itself"), (fifo + "\u{0}", "does not exist"),
        ] {
            let error = #expect(throws: WeightFileError.self) { try WeightFile(path: path) }
            #expect(error?.problem.contains(expected) == true, "\(String(describing: error))")
        }
    }

    @Test func aFileThatMayNotBeReadIsNamed() throws {
        let file = try TemporaryFile([1, 2, 3])
        #expect(chmod(file.path, 0) == 0)
        // Root may read everything.
        guard geteuid() != 0 else { return }
        let error = #expect(throws: WeightFileError.self) { try WeightFile(path: file.path) }
        #expect(error?.problem == "may not be read")
    }

    @Test func aPathCannotSpoilAMessage() throws {
        let error = #expect(throws: WeightFileError.self) { try WeightFile(path: "/a\u{1B}[2J\nb") }
        #expect(error?.description == "/a\u{FFFD}[2J\u{FFFD}b does not exist; check the path")
    }
}
