import Glibc

/// Reads whole files without ever blocking on a pipe or touching a device.
enum FileBytes {
    /// The greatest file read, in bytes.
    static let maximumCount = 512 << 20

    static func read(_ path: String) throws(ImageError) -> [UInt8] {
        // A zero byte would end the path early for the system and open another file than the one named.
        guard !path.isEmpty, !path.utf8.contains(0) else { throw ImageError(.noSuchFile, path: path) }
        // Looked at before it is opened: opening a device can have effects of its own.
        var status = stat()
        guard stat(path, &status) == 0 else { throw error(errno, path) }
        _ = try checkedSize(status, path)
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw error(errno, path) }
        defer { close(descriptor) }
        // And looked at again, for it may have been replaced in between.
        guard fstat(descriptor, &status) == 0 else { throw error(errno, path) }
        return try contents(of: descriptor, count: try checkedSize(status, path), path)
    }

    private static func checkedSize(_ status: stat, _ path: String) throws(ImageError) -> Int {
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw ImageError(.isDirectory, path: path) }
        guard kind == S_IFREG else { throw ImageError(.notRegularFile, path: path) }
        let count = Int(status.st_size)
        guard count <= maximumCount else {
            throw ImageError(.tooLarge("\(count >> 20) MiB, the limit is \(maximumCount >> 20) MiB"), path: path)
        }
        return count
    }

    private static func contents(of descriptor: Int32, count: Int, _ path: String) throws(ImageError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let start = buffer.baseAddress {
                let got = Glibc.read(descriptor, start + filled, count - filled)
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    failure = errno
                    return
                }
            }
        }
        guard failure == 0 else { throw error(failure, path) }
        return bytes
    }

    private static func error(_ code: Int32, _ path: String) -> ImageError {
        switch code {
        case ENOENT, ENOTDIR: ImageError(.noSuchFile, path: path)
        case EACCES, EPERM: ImageError(.noPermission, path: path)
        case EISDIR: ImageError(.isDirectory, path: path)
        // A socket answers an attempt to open it so.
        case ENXIO: ImageError(.notRegularFile, path: path)
        default: ImageError(.unreadable(systemMessage(code)), path: path)
        }
    }
}

/// The system's words for an error number.
public func systemMessage(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        guard let start = buffer.baseAddress, strerror_r(code, start, buffer.count) == 0 else { return "error \(code)" }
        return String(cString: start)
    }
}
