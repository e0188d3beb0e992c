import CFetch
public import EngineKit
import Glibc
import Media

/// SHA-256 sums.
public enum SHA256 {
    /// The sum of some bytes as 64 hexadecimal digits.
    public static func sum(of bytes: [UInt8]) -> String {
        guard let digest = cf_digest_start() else { return "" }
        bytes.withUnsafeBufferPointer { buffer in
            if let start = buffer.baseAddress { cf_digest_add(digest, start, buffer.count) }
        }
        return finish(digest)
    }

    /// The sum of a file, a megabyte at a time.
    /// - Parameter progress: called with the bytes read so far; false stops.
    /// - Returns: 64 hexadecimal digits, or `nil` when `progress` stopped it.
    /// - Throws: ``EngineFailure`` when the file cannot be read.
    public static func sum(ofFile path: String, progress: (Int64) -> Bool) throws(EngineFailure) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, let digest = cf_digest_start() else {
            throw EngineFailure(.file, "\(path) cannot be read: \(systemMessage(errno))")
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var done: Int64 = 0
        var code: Int32 = 0
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { code = errno }
            guard count > 0 else { break }
            buffer.withUnsafeBufferPointer { bytes in
                if let start = bytes.baseAddress { cf_digest_add(digest, start, count) }
            }
            done += Int64(count)
            guard progress(done) else {
                _ = finish(digest)
                return nil
            }
        }
        let sum = finish(digest)
        guard code == 0 else { throw EngineFailure(.file, "\(path) cannot be read: \(systemMessage(code))") }
        return sum
    }

    private static func finish(_ digest: OpaquePointer) -> String {
        var text = [CChar](repeating: 0, count: 65)
        cf_digest_finish(digest, &text)
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
