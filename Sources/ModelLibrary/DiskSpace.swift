import EngineKit
import Foundation

/// Room on disks, and what files take of it.
enum DiskSpace {
    /// What stays free for everything else.
    private static let reserve: Int64 = 64 << 20

    /// Bytes that this user can still write to the disk with that folder, or the nearest folder above that exists.
    static func available(at folder: URL) -> Int64? {
        var folder = folder.standardizedFileURL
        var status = statvfs()
        while statvfs(folder.path, &status) != 0 {
            guard errno == ENOENT, folder.path != "/" else { return nil }
            folder = folder.deletingLastPathComponent()
        }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        )
    }

    /// - Returns: why so many further bytes cannot be written, or `nil`.
    static func refusal(of bytes: Int64, at folder: URL, for what: String) -> EngineFailure? {
        guard let available = available(at: folder), bytes > available - reserve else { return nil }
        return EngineFailure(
            .file,
            "\(what) needs \(ByteText.size(bytes)) of disk; \(folder.path) has \(ByteText.size(available)) free",
            hint: "make room, or let XDG_DATA_HOME name a folder on a larger disk"
        )
    }

    /// A file's size in bytes; 0 for none.
    static func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
