public import EngineKit

/// Why a picture could not be read or encoded.
public struct ImageError: Error, Sendable, Hashable, CustomStringConvertible, UserFacingError {
    public enum Reason: Sendable, Hashable {
        case noSuchFile
        case noPermission
        case isDirectory
        /// A device, pipe or socket; it was not opened.
        case notRegularFile
        /// The system refused to read; the text says why.
        case unreadable(String)
        case empty
        /// The contents are of no known format.
        case notAnImage
        case truncated
        /// The contents contradict the format; the text says where.
        case damaged(String)
        /// A valid file of a kind that is not read; the text says which.
        case unsupported(String)
        /// More bytes or pixels than are read; the text says how many there are.
        case tooLarge(String)
        case outOfMemory
        /// A keyword or text that a PNG cannot hold; the text names it.
        case invalidText(String)
    }

    public let reason: Reason
    /// The file, or `nil` for a picture in memory.
    public let path: String?

    public init(_ reason: Reason, path: String?) {
        self.reason = reason
        self.path = path
    }

    public var description: String { failure.description }

    public var failure: EngineFailure {
        let name = path.map { "“\(printable($0))”" } ?? "the picture"
        return switch reason {
        case .noSuchFile: EngineFailure(.file, "\(name) does not exist", hint: "check the path")
        case .noPermission: EngineFailure(.file, "\(name) may not be read", hint: "check the permissions")
        case .isDirectory: EngineFailure(.file, "\(name) is a folder", hint: "name a picture in it")
        case .notRegularFile:
            EngineFailure(.file, "\(name) is a device, pipe or socket", hint: "name an ordinary file")
        case .unreadable(let why): EngineFailure(.file, "\(name) cannot be read: \(why)")
        default: contentFailure(name)
        }
    }

    /// The failures that lie in what the file holds.
    private func contentFailure(_ name: String) -> EngineFailure {
        let formats = "use a PNG, JPEG or WebP file"
        return switch reason {
        case .empty: EngineFailure(.image, "\(name) is empty", hint: formats)
        case .truncated:
            EngineFailure(.image, "\(name) ends before the picture does", hint: "copy or download it again")
        case .damaged(let why): EngineFailure(.image, "\(name) is damaged: \(why)", hint: "copy or download it again")
        case .unsupported(let what): EngineFailure(.image, "\(name) is not supported: \(what)", hint: "save it as PNG")
        case .tooLarge(let size): EngineFailure(.image, "\(name) is too large: \(size)", hint: "scale it down first")
        case .outOfMemory:
            EngineFailure(.memory, "there is not enough memory for \(name)", hint: "scale it down first")
        case .invalidText(let what): EngineFailure(.image, "a PNG cannot hold this text: \(what)")
        default: EngineFailure(.image, "\(name) is not a picture", hint: formats)
        }
    }
}

/// The path without characters that would act on a terminal.
func printable(_ path: String) -> String {
    String(String.UnicodeScalarView(path.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
}
