public import EngineKit
import Glibc

/// Why a file could not be written.
public struct FileWriteError: Error, Sendable, Hashable, CustomStringConvertible, UserFacingError {
    public enum Reason: Sendable, Hashable {
        /// There is such a file already, and it was not to be overwritten.
        case exists
        case noPermission
        case readOnly
        /// The path names a folder.
        case isDirectory
        /// The path names a device, pipe or socket, which a rename would replace.
        case notRegularFile
        /// A part of the path before the last is a file, so that no folder can be made there.
        case folderIsFile
        /// The disk or the user's quota is full.
        case noSpace
        case nameTooLong
        /// The path is empty, ends with a slash or has a zero byte.
        case invalidName
        /// Anything else that the system answered, in its words.
        case system(String)
    }

    public let reason: Reason
    /// The file that was to be written.
    public let path: String

    public init(_ reason: Reason, path: String) {
        self.reason = reason
        self.path = path
    }

    /// - Parameter code: An errno value.
    public init(code: Int32, path: String) {
        let reason: Reason =
            switch code {
            case EEXIST: .exists
            case EACCES, EPERM: .noPermission
            case EROFS: .readOnly
            case EISDIR: .isDirectory
            case ENOTDIR: .folderIsFile
            case ENOSPC, EDQUOT: .noSpace
            case ENAMETOOLONG: .nameTooLong
            default: .system(systemMessage(code))
            }
        self.init(reason, path: path)
    }

    public var description: String { failure.description }

    public var failure: EngineFailure {
        let start = "cannot write “\(printable(path))”"
        let (why, hint): (String, String?) =
            switch reason {
            case .exists: ("there is such a file already", "choose another name or remove it")
            case .noPermission: ("no permission", "choose another folder or change its permissions")
            case .readOnly: ("the disk is read-only", "choose another folder")
            case .isDirectory: ("it is a folder", "add a file name")
            case .notRegularFile: ("it is a device, pipe or socket", "choose an ordinary file name")
            case .folderIsFile: ("a part of its path is a file, not a folder", "choose another folder")
            case .noSpace: ("no space left on the disk", "free some space or choose another folder")
            case .nameTooLong: ("the name is too long", "choose a shorter one")
            case .invalidName: ("that is not a file name", "choose a file name")
            case .system(let message): (message, nil)
            }
        return EngineFailure(.file, "\(start): \(why)", hint: hint)
    }
}
