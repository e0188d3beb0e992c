import EngineKit
import Foundation
import Media

/// What has arrived of a download so far, in `NAME.part`, and in `NAME.part.json` which version of the file it is.
///
/// The program may die at any moment: the description is written before the first byte of a version, so that bytes of
/// two versions are never joined.
final class PartialFile {
    /// Which version of the file the bytes belong to.
    struct Version: Codable, Hashable {
        var url: String
        /// The strong entity tag, or the date of the last change, that the server gave.
        var validator: String?
        var total: Int64?
    }

    let path: String
    private(set) var version: Version?
    private(set) var count: Int64 = 0
    private let descriptor: Int32

    private var description: String { path + ".json" }

    /// Opens what an earlier attempt has left, or begins anew.
    /// - Throws: ``FileWriteError``.
    init(path: String) throws(FileWriteError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw FileWriteError(code: errno, path: path) }
        var status = stat()
        if fstat(descriptor, &status) == 0 { count = Int64(status.st_size) }
        if count > 0, let data = FileManager.default.contents(atPath: path + ".json") {
            version = try? JSONDecoder().decode(Version.self, from: data)
        }
        if version == nil, count > 0 { try truncate() }
    }

    deinit { close(descriptor) }

    /// Forgets all bytes and notes the version that the next ones belong to.
    func begin(_ version: Version) throws(FileWriteError) {
        try truncate()
        guard let data = try? JSONEncoder().encode(version) else { return }
        try AtomicFile.write([UInt8](data), to: description, overwrite: true)
        self.version = version
    }

    /// Adds bytes at the end.
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileWriteError) {
        var written = 0
        while written < bytes.count, let start = bytes.baseAddress {
            let result = pwrite(descriptor, start + written, bytes.count - written, off_t(count))
            if result > 0 {
                written += result
                count += Int64(result)
            } else if result == 0 || errno != EINTR {
                throw FileWriteError(code: result == 0 ? ENOSPC : errno, path: path)
            }
        }
    }

    /// Forgets all bytes.
    func truncate() throws(FileWriteError) {
        guard ftruncate(descriptor, 0) == 0 else { throw FileWriteError(code: errno, path: path) }
        count = 0
        version = nil
    }

    /// Brings everything to the disk and gives the file its name.
    func finish(as name: String) throws(FileWriteError) {
        guard fsync(descriptor) == 0, rename(path, name) == 0 else { throw FileWriteError(code: errno, path: name) }
        // What is lost here if the program dies is only where the file came from.
        rename(description, name + ".json")
    }

    /// Removes it and its description.
    func remove() {
        unlink(path)
        unlink(description)
    }
}
