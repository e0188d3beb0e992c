import EngineKit
import Foundation
import ModelLibrary
import Torch
import WeightFiles

/// Where the files of one model are: a folder, or a weight file with its companions beside it.
struct ModelFolder {
    /// What the user called it.
    let name: String
    let url: URL
    /// Set where the user named a weight file instead of a folder.
    let weightFile: URL?

    /// Finds a model by a name, looked for among the user's models and then among the program's, or by the path of a
    /// folder or a weight file.
    /// - Throws: ``EngineFailure`` that says where it was looked for.
    init(_ name: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws(EngineFailure) {
        guard let found = Self.find(name, environment) else {
            let users = DataFolders(environment: environment).models.path
            throw EngineFailure(
                .model,
                "there is no model '\(name)'",
                hint: try ModelLibrary(environment: environment).hint(forMissing: name)
                    ?? "give the path of a folder or a weight file, or the name of a folder in \(users)"
            )
        }
        self.name = name
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: found.path, isDirectory: &isFolder)
        if isFolder.boolValue {
            (url, weightFile) = (found, nil)
        } else {
            (url, weightFile) = (found.deletingLastPathComponent(), found)
        }
    }

    private static func find(_ name: String, _ environment: [String: String]) -> URL? {
        let expanded = NSString(string: name).expandingTildeInPath
        let exists = { (url: URL) in FileManager.default.fileExists(atPath: url.path) }
        if !name.isEmpty, !name.contains("/") {
            let user = DataFolders(environment: environment).models.appending(path: name)
            if exists(user) { return user }
            if let own = ProgramFiles.find("models/\(name)", environment: environment) { return own }
        }
        let path = URL(filePath: expanded)
        if !name.isEmpty, exists(path) { return path.standardizedFileURL }
        // As other tools write it, such as ViT-B/32.
        return (try? ModelLibrary(environment: environment))?.model(named: name)?.folder
    }

    /// Whether another model's files are in the same folder.
    func isSamePlace(as other: ModelFolder) -> Bool {
        url.resolvingSymlinksInPath() == other.url.resolvingSymlinksInPath()
    }

    /// The path of a file of the folder.
    func path(_ file: String) -> String { url.appending(path: file).path }

    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: path(file)) }

    /// Reads a value from a JSON file of the folder.
    /// - Throws: ``EngineFailure`` naming the file.
    func decode<Value: Decodable>(_ type: Value.Type, _ file: String) throws(EngineFailure) -> Value {
        try Self.decode(type, try data(file), path(file))
    }

    /// The contents of a file of the folder.
    /// - Throws: ``EngineFailure`` naming the file.
    func data(_ file: String) throws(EngineFailure) -> Data {
        guard let data = FileManager.default.contents(atPath: path(file)) else {
            throw EngineFailure(
                .model,
                has(file) ? "\(path(file)) cannot be read" : "\(url.path) has no \(file)",
                hint: "restore the file or choose another model"
            )
        }
        return data
    }

    /// The configuration inside a weight file, or in the JSON file beside it; `nil` where there is neither.
    /// - Throws: ``EngineFailure`` naming the file with a configuration that makes no sense.
    func configuration<Value: Decodable>(
        _ type: Value.Type,
        of weights: FileStateDict
    ) throws(EngineFailure) -> Value? {
        if let text = weights.metadata["config"] { return try Self.decode(type, Data(text.utf8), weights.path) }
        let file = URL(filePath: weights.path).deletingPathExtension().lastPathComponent + ".json"
        return has(file) ? try decode(type, file) : nil
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type,
        _ data: Data,
        _ path: String
    ) throws(EngineFailure) -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw EngineFailure(
                .model,
                "\(path) has a malformed description: \(describe(error))",
                hint: "restore the file or choose another model"
            )
        }
    }

    /// A decoding error in one line.
    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "not readable" }
        func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        return switch error {
        case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(place(context.codingPath)) is of the wrong type"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "not JSON" : "\(place(context.codingPath)): \(context.debugDescription)"
        @unknown default: "not readable"
        }
    }
}

extension EngineFailure {
    /// A failure of loading weights, in one line with what to do.
    /// - Parameter path: the file, where the error does not name it itself.
    init(weights error: WeightsError, of path: String? = nil) {
        let place = path.map { "\($0): " } ?? ""
        switch error {
        case .unreadable(let error): self.init(.model, error.summary, hint: error.hint)
        case .file: self.init(.model, error.description, hint: "choose another file or download it again")
        case .missing, .unused:
            self.init(.model, error.description, hint: "the file is of another kind of model; choose another")
        case .shape, .type:
            self.init(.model, "\(place)\(error)", hint: "the file does not fit its description; choose another")
        case .cancelled: self = LoadMonitor.cancelled
        case .torch(let error) where error.code == .outOfMemory:
            self.init(.memory, "there is not enough memory for the model", hint: "close other programs")
        case .torch(let error): self.init(.model, "\(place)\(error)", hint: "choose another file")
        }
    }
}
