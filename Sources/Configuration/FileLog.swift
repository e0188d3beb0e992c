public import EngineKit
public import Foundation
import Glibc
public import Logging
import Synchronization

/// The log could not be opened.
public struct FileLogError: Error, Sendable, Hashable, CustomStringConvertible {
    public let file: URL
    public let problem: String

    public var description: String { "cannot write the log \(file.path): \(problem)" }
}

/// The log file: lines of text, at most a few megabytes, with one older file beside it.
///
/// While the workbench is up, standard error is redirected here as well. The file is therefore never replaced: when it
/// is full, its content is copied to `.1` and it is emptied, so that every descriptor of it stays good.
public final class FileLog: Sendable {
    /// A file of this size is rotated.
    public static let defaultSizeLimit = 4 << 20

    public let file: URL
    /// Open for appending as long as this object lives.
    public let fileDescriptor: Int32
    private let sizeLimit: Int
    /// Keeps lines whole and lets only one thread rotate.
    private let writing = Mutex<Void>(())

    private init(file: URL, fileDescriptor: Int32, sizeLimit: Int) {
        self.file = file
        self.fileDescriptor = fileDescriptor
        self.sizeLimit = sizeLimit
    }

    deinit {
        close(fileDescriptor)
    }

    /// Opens the log for appending; creates it and its folders.
    public static func open(
        _ file: URL = DataFolders().logFile,
        sizeLimit: Int = defaultSizeLimit
    ) throws(FileLogError) -> FileLog {
        do {
            let folder = file.deletingLastPathComponent()
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            // Opening fails next, with the system's own words for the reason.
        }
        let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK
        // For the user alone: prompts are in it.
        let descriptor = Glibc.open(file.path, flags, 0o600)
        guard descriptor >= 0 else {
            throw FileLogError(file: file, problem: String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileLogError(file: file, problem: "it is not a file")
        }
        return FileLog(file: file, fileDescriptor: descriptor, sizeLimit: sizeLimit)
    }

    /// Appends a line. A full disk loses it: the log must never stop the program.
    public func write(_ line: String) {
        writing.withLock { _ in
            rotateIfFull()
            append(Array("\(line)\n".utf8)[...], to: fileDescriptor)
        }
    }

    private func rotateIfFull() {
        guard isFull else { return }
        // A second program may use the same file; whoever comes second finds it empty.
        guard flock(fileDescriptor, LOCK_EX) == 0 else { return }
        defer { _ = flock(fileDescriptor, LOCK_UN) }
        guard isFull else { return }
        copyToOlderFile()
        _ = ftruncate(fileDescriptor, 0)
    }

    private var isFull: Bool {
        var status = stat()
        return fstat(fileDescriptor, &status) == 0 && Int(status.st_size) >= sizeLimit
    }

    private func copyToOlderFile() {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        let older = Glibc.open(file.path + ".1", flags, 0o600)
        guard older >= 0 else { return }
        defer { close(older) }
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var offset = 0
        // What libraries wrote beyond the limit in one burst is not kept.
        while offset < sizeLimit * 2 {
            let count = pread(fileDescriptor, &piece, piece.count, off_t(offset))
            guard count > 0 else { return }
            append(piece[..<count], to: older)
            offset += count
        }
    }

    private func append(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension FileLog {
    /// Sends every logger of the program here. Once per process, before the first logger is made.
    public func bootstrap(level: Logger.Level) {
        LoggingSystem.bootstrap { FileLogHandler(label: $0, level: level, log: self) }
    }

    /// Opens the log and sends every logger there; without a log, on a read-only home for one, loggers are silent and
    /// the error says why. Once per process.
    public static func start(
        level: Logger.Level,
        file: URL = DataFolders().logFile
    ) -> Result<FileLog, FileLogError> {
        do {
            let log = try open(file)
            log.bootstrap(level: level)
            return .success(log)
        } catch {
            LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
            return .failure(error)
        }
    }
}
