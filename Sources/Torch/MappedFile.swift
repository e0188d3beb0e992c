import Glibc

/// A regular file mapped into memory for reading. Its pages are read when they are touched.
final class MappedFile {
    let bytes: UnsafeRawBufferPointer

    /// - Throws: ``WeightsError/file(path:problem:)``.
    init(path: String) throws(WeightsError) {
        // Without O_NONBLOCK, opening a FIFO would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(path: path, problem: Self.reason(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file(path: path, problem: Self.reason(errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw .file(path: path, problem: "is a folder, not a weight file")
        default: throw .file(path: path, problem: "is not a regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw .file(path: path, problem: "is empty") }
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw .file(path: path, problem: Self.reason(errno))
        }
        bytes = UnsafeRawBufferPointer(start: address, count: size)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "does not exist"
        case EACCES: "may not be read"
        default: "cannot be read: \(String(cString: strerror(code)))"
        }
    }
}
