import Glibc

/// A regular file that is open for reading at any place.
///
/// It is read, not mapped: a file that becomes shorter while it is open then gives an error instead of a signal.
final class RandomAccessFile: Sendable {
    private let descriptor: Int32
    let size: Int

    init(path: String) throws(WeightProblem) {
        // A zero byte would end the path early for the system and open another file than the one named.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw Self.problem(ENOENT) }
        // Looked at before it is opened: opening a device can have effects of its own.
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.problem(errno) }
        _ = try Self.size(status)
        // Without O_NONBLOCK, opening a pipe that has taken the file's place since would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.problem(errno) }
        do throws(WeightProblem) {
            guard fstat(descriptor, &status) == 0 else { throw Self.problem(errno) }
            size = try Self.size(status)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Fills the buffer with the bytes from an offset on.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(WeightProblem) {
        var filled = 0
        while filled < buffer.count, let start = buffer.baseAddress {
            // The system reads at most 2 GiB at once.
            let count = pread(descriptor, start + filled, min(buffer.count - filled, 1 << 30), offset + filled)
            if count > 0 {
                filled += count
            } else if count == 0 {
                throw WeightProblem("has become shorter while it was being read", hint: "leave it alone and try again")
            } else if errno != EINTR {
                throw Self.problem(errno)
            }
        }
    }

    /// The bytes of a range that is known to be small and within the file.
    func bytes(_ range: Range<Int>) throws(WeightProblem) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: range.count)
        try result.withUnsafeMutableBufferPointer { (buffer) throws(WeightProblem) in
            try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return result
    }

    private static func size(_ status: stat) throws(WeightProblem) -> Int {
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw WeightProblem("is a folder, not a weight file", hint: "name a file in it")
        default: throw WeightProblem("is not a regular file", hint: "name a file on a disk")
        }
        guard status.st_size > 0 else { throw WeightProblem("is empty", hint: "download it again") }
        return Int(status.st_size)
    }

    private static func problem(_ code: Int32) -> WeightProblem {
        switch code {
        case ENOENT, ENOTDIR: WeightProblem("does not exist", hint: "check the path")
        case EACCES, EPERM: WeightProblem("may not be read", hint: "check its permissions")
        case ELOOP: WeightProblem("is a symbolic link that leads to itself", hint: "name the file itself")
        // A socket answers an attempt to open it so.
        case ENXIO: WeightProblem("is not a regular file", hint: "name a file on a disk")
        default: WeightProblem("cannot be read: \(systemMessage(code))", hint: "check the disk")
        }
    }

    /// The system's words for an error number.
    private static func systemMessage(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, strerror_r(code, start, buffer.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: start)
        }
    }
}
