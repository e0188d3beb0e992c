import EngineKit
import Foundation
import Media

/// Keeps two processes from changing the same model. Ends with the process, however that ends.
final class ModelLock {
    private let descriptor: Int32
    private let path: String

    /// - Throws: ``EngineFailure`` when another process has it, or when the folder cannot be written.
    init(_ name: String, in folder: URL) throws(EngineFailure) {
        path = folder.appending(path: ".\(name).lock").path
        while true {
            try FolderSwap.create(folder)
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard file >= 0 else { throw FileWriteError(code: errno, path: path).failure }
            guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
                close(file)
                throw EngineFailure(
                    .model,
                    "another vqclip-tui is at work on the model '\(name)'",
                    hint: "wait until it has finished"
                )
            }
            // The holder before may have removed the file after this one was opened.
            if Self.isSame(file, path) {
                descriptor = file
                return
            }
            close(file)
        }
    }

    func release() {
        unlink(path)
        close(descriptor)
    }

    private static func isSame(_ file: Int32, _ path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(file, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
    }
}

/// Puts a finished folder in a model's place.
enum FolderSwap {
    /// Where a model's folder is prepared, hidden and beside its place. Whoever holds the lock may remove what is there.
    static func temporary(for name: String, in folder: URL) -> URL {
        folder.appending(path: ".\(name).tmp", directoryHint: .isDirectory)
    }

    static func create(_ folder: URL) throws(EngineFailure) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw EngineFailure(
                .file,
                "the folder \(folder.path) cannot be made",
                hint: "choose another place with XDG_DATA_HOME, or change the permissions"
            )
        }
    }

    /// Gives a folder its name. One that has it already goes away, after the new one is in its place.
    static func publish(_ prepared: URL, as place: URL) throws(EngineFailure) {
        let old = place.deletingLastPathComponent().appending(path: ".\(place.lastPathComponent).old")
        try? FileManager.default.removeItem(at: old)
        let isReplaced = rename(place.path, old.path) == 0
        guard rename(prepared.path, place.path) == 0 else {
            let code = errno
            if isReplaced { rename(old.path, place.path) }
            throw FileWriteError(code: code, path: place.path).failure
        }
        if isReplaced { try? FileManager.default.removeItem(at: old) }
    }
}
