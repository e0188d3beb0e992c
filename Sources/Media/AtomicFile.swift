import CImage
import Glibc

/// Writes files that are either there as a whole or not at all, also after a crash or a power cut.
///
/// The bytes go to a temporary name in the same folder, reach the disk, and only then get their name. On failure the
/// temporary file is removed and whatever had the name before is untouched. Missing folders are created.
public enum AtomicFile {
    /// Writes the bytes to the path.
    /// - Parameter overwrite: Whether to replace an existing file, or the symbolic link of that name. When false, a file
    ///   of that name is never touched, even one that appears while this one is being written.
    /// - Throws: ``FileWriteError`` naming the path; ``FileWriteError/Reason/exists`` only when `overwrite` is false.
    public static func write(_ bytes: [UInt8], to path: String, overwrite: Bool) throws(FileWriteError) {
        let destination = try Destination(path)
        try destination.check(overwrite: overwrite)
        let temporary = try TemporaryFile.make(bytes, for: destination)
        let code = temporary.publish(as: path, overwrite: overwrite)
        guard code == 0 else { throw FileWriteError(code: code, path: path) }
        destination.synchronizeFolder()
    }

    /// Writes the bytes to the first free of `stem.extension`, `stem-2.extension`, `stem-3.extension` and so on.
    ///
    /// Several processes may do so at once: each gets a name of its own, and no file is replaced.
    /// - Parameters:
    ///   - folder: Created if missing; empty for the working directory.
    ///   - pathExtension: Without the dot; empty for none.
    /// - Returns: The path written.
    /// - Throws: ``FileWriteError`` naming the first path tried.
    public static func writeUnique(
        _ bytes: [UInt8],
        folder: String,
        stem: String,
        extension pathExtension: String
    ) throws(FileWriteError) -> String {
        let prefix = folder.isEmpty || folder.hasSuffix("/") ? folder : folder + "/"
        let suffix = pathExtension.isEmpty ? "" : "." + pathExtension
        let first = prefix + stem + suffix
        guard !stem.isEmpty, !stem.contains("/") else { throw FileWriteError(.invalidName, path: first) }
        let destination = try Destination(first)
        let temporary = try TemporaryFile.make(bytes, for: destination)
        for number in 1...100_000 {
            let path = number == 1 ? first : "\(prefix)\(stem)-\(number)\(suffix)"
            let code = temporary.publish(as: path, overwrite: false)
            if code == 0 {
                destination.synchronizeFolder()
                return path
            }
            guard code == EEXIST else { throw FileWriteError(code: code, path: first) }
        }
        throw FileWriteError(.exists, path: first)
    }
}

/// A path that may be written, split into its folder and its name.
private struct Destination {
    let path: String
    /// Ends with a slash, or is empty for the working directory.
    let folder: String

    init(_ path: String) throws(FileWriteError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw FileWriteError(.invalidName, path: path) }
        self.path = path
        folder = String(path[..<(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)])
        let name = path.dropFirst(folder.count)
        if name.isEmpty || name == "." || name == ".." {
            var status = stat()
            let isFolder = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            throw FileWriteError(isFolder ? .isDirectory : .invalidName, path: path)
        }
    }

    /// Refuses at once what would fail or do harm after all bytes are written: a rename replaces a device as readily as a
    /// file.
    func check(overwrite: Bool) throws(FileWriteError) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw FileWriteError(.isDirectory, path: path)
        case S_IFREG: if !overwrite { throw FileWriteError(.exists, path: path) }
        default: throw FileWriteError(.notRegularFile, path: path)
        }
    }

    /// Creates the folder and those above it, as far as they are missing.
    func createFolder() throws(FileWriteError) {
        var end = folder.startIndex
        while let slash = folder[end...].firstIndex(of: "/") {
            end = folder.index(after: slash)
            let ancestor = String(folder[..<end])
            var status = stat()
            if stat(ancestor, &status) == 0 { continue }
            guard mkdir(ancestor, 0o777) == 0 || errno == EEXIST else { throw FileWriteError(code: errno, path: path) }
        }
    }

    /// Makes the new name last through a power cut. File systems that cannot do so say so, and there is no remedy.
    func synchronizeFolder() {
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// A finished file under a temporary name, removed unless it is published.
private struct TemporaryFile: ~Copyable {
    private let name: String

    private init(name: String) { self.name = name }

    /// Writes the bytes beside the destination and brings them to the disk.
    static func make(_ bytes: [UInt8], for destination: Destination) throws(FileWriteError) -> TemporaryFile {
        try destination.createFolder()
        // The name does not grow with the destination's, which may use up all the 255 bytes there are.
        let name = destination.folder + ".vqclip-\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileWriteError(code: errno, path: destination.path) }
        let file = TemporaryFile(name: name)
        var code = write(bytes, to: descriptor)
        // Some file systems, such as NFS, report a full disk only here.
        if close(descriptor) != 0, code == 0 { code = errno }
        guard code == 0 else { throw FileWriteError(code: code, path: destination.path) }
        return file
    }

    deinit { unlink(name) }

    /// - Returns: 0 or an errno value.
    func publish(as path: String, overwrite: Bool) -> Int32 {
        ci_file_publish(name, path, overwrite ? 1 : 0)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count, let start = buffer.baseAddress {
                let count = Glibc.write(descriptor, start + written, buffer.count - written)
                if count >= 0 {
                    written += count
                } else if errno != EINTR {
                    return errno
                }
            }
            return fsync(descriptor) == 0 ? 0 : errno
        }
    }
}
