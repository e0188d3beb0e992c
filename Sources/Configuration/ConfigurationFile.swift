import Foundation
import Glibc

/// Reads a small text file that anything may have been put in place of.
enum ConfigurationFile {
    /// Nobody writes this much by hand; a larger file is there by mistake.
    static let largestSize = 1 << 20

    struct Problem: Error, Sendable {
        let text: String
        var line: Int?
    }

    /// The file's text, or `nil` if there is no file.
    static func text(of file: URL) throws(Problem) -> String? {
        guard let bytes = try bytes(of: file.path) else { return nil }
        if let text = String(validating: bytes, as: UTF8.self) {
            guard let zero = bytes.firstIndex(of: 0) else { return text }
            throw Problem(text: "a NUL byte does not belong in a text file", line: line(of: zero, in: bytes))
        }
        throw Problem(text: "is not UTF-8 text")
    }

    private static func bytes(of path: String) throws(Problem) -> [UInt8]? {
        // Not waiting for a writer, should the file be a named pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Problem(text: "cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Problem(text: "is not a file")
        }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw Problem(text: "cannot be read: \(String(cString: strerror(errno)))")
            }
            bytes += piece.prefix(count)
            guard bytes.count <= largestSize else {
                throw Problem(text: "is larger than \(largestSize >> 20) MiB and was not read")
            }
        }
    }

    private static func line(of index: Int, in bytes: [UInt8]) -> Int {
        1 + bytes[..<index].count { $0 == UInt8(ascii: "\n") }
    }
}
