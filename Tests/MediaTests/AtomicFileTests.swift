import EngineKit
import Foundation
import Glibc
import Media
import Synchronization
import Testing

@Suite
struct AtomicFileTests {
    private let old = Array("old".utf8)
    private let new = Array("new contents".utf8)

    private func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    private func reason(_ path: String, overwrite: Bool = true) -> FileWriteError.Reason? {
        do {
            try AtomicFile.write(new, to: path, overwrite: overwrite)
            return nil
        } catch {
            #expect(error.path == path)
            #expect(!error.description.contains("\n"))
            #expect(EngineFailure(describing: error).kind == .file)
            return error.reason
        }
    }

    @Test
    func writesAndCreatesFolders() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a/b//c/picture.png")
        try AtomicFile.write(new, to: path, overwrite: false)
        #expect(try contents(path) == new)
        try AtomicFile.write([], to: folder.file("empty"), overwrite: false)
        #expect(try contents(folder.file("empty")).isEmpty)
        #expect(try folder.names == ["a", "empty"])
    }

    @Test
    func overwritesOnlyWhenAsked() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("picture.png")
        try AtomicFile.write(old, to: path, overwrite: false)
        #expect(reason(path, overwrite: false) == .exists)
        #expect(try contents(path) == old)
        try AtomicFile.write(new, to: path, overwrite: true)
        #expect(try contents(path) == new)
        #expect(try folder.names == ["picture.png"])
    }

    @Test
    func newFileHasTheUsualPermissions() throws {
        let folder = try TemporaryFolder()
        try AtomicFile.write(new, to: folder.file("picture.png"), overwrite: false)
        let mask = umask(0)
        umask(mask)
        var status = stat()
        #expect(stat(folder.file("picture.png"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o666 & ~mask)
    }

    @Test
    func danglingLinkCountsAsTaken() throws {
        let folder = try TemporaryFolder()
        #expect(symlink("nowhere", folder.file("link.png")) == 0)
        #expect(reason(folder.file("link.png"), overwrite: false) == .exists)
        #expect(try folder.names == ["link.png"])
    }

    @Test
    func foldersDevicesAndBadNamesAreRefused() throws {
        let folder = try TemporaryFolder()
        #expect(reason(folder.path) == .isDirectory)
        #expect(reason(folder.path + "/") == .isDirectory)
        #expect(reason(folder.file("new/")) == .invalidName)
        #expect(reason("") == .invalidName)
        #expect(reason(folder.file("a\0b")) == .invalidName)
        #expect(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(reason(folder.file("pipe")) == .notRegularFile)
        #expect(reason("/dev/null") == .notRegularFile)
        try AtomicFile.write(old, to: folder.file("file"), overwrite: false)
        #expect(reason(folder.file("file/picture.png")) == .folderIsFile)
        #expect(reason(folder.file(String(repeating: "n", count: 300))) == .nameTooLong)
        #expect(try folder.names == ["file", "pipe"])
    }

    @Test
    func longestNameWorks() throws {
        let folder = try TemporaryFolder()
        let name = String(repeating: "n", count: 255)
        try AtomicFile.write(new, to: folder.file(name), overwrite: false)
        #expect(try folder.names == [name])
    }

    @Test
    func folderOfTheKernelCannotBeCreated() {
        #expect(reason("/proc/no-such-folder/picture.png") != nil)
    }

    @Test(.enabled(if: getuid() == 0, "mounting a small disk takes root"))
    func fullDiskLeavesNothingBehind() throws {
        let folder = try TemporaryFolder()
        // Containers may refuse even root.
        guard mount("tmpfs", folder.path, "tmpfs", 0, "size=64k") == 0 else { return }
        defer { umount2(folder.path, Int32(MNT_DETACH)) }
        let path = folder.file("picture.png")
        try AtomicFile.write(old, to: path, overwrite: false)
        #expect {
            try AtomicFile.write([UInt8](repeating: 1, count: 1 << 20), to: path, overwrite: true)
        } throws: { ($0 as? FileWriteError)?.reason == .noSpace }
        #expect(try contents(path) == old)
        #expect(try folder.names == ["picture.png"])
        #expect(mount("", folder.path, "", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
        #expect(reason(path) == .readOnly)
    }

    @Test
    func uniqueNamesCountUp() throws {
        let folder = try TemporaryFolder()
        let paths = try (1...3).map { _ in
            try AtomicFile.writeUnique(new, folder: folder.file("out"), stem: "name", extension: "png")
        }
        #expect(paths == ["name.png", "name-2.png", "name-3.png"].map { folder.file("out/\($0)") })
        #expect(throws: FileWriteError.self) {
            try AtomicFile.writeUnique(new, folder: folder.path, stem: "../name", extension: "png")
        }
    }

    @Test
    func concurrentWritersGetNamesOfTheirOwn() throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let written = Mutex<[String: UInt8]>([:])
        DispatchQueue.concurrentPerform(iterations: 40) { index in
            let bytes = [UInt8(index)]
            guard let name = try? AtomicFile.writeUnique(bytes, folder: path, stem: "n", extension: "") else { return }
            written.withLock { $0[name] = UInt8(index) }
        }
        let names = written.withLock { $0 }
        #expect(names.count == 40)
        for (name, byte) in names { #expect(try contents(name) == [byte]) }
    }
}
