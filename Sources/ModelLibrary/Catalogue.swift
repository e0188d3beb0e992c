public import EngineKit
public import Foundation

/// Which part of a pair a model is.
public enum ModelKind: String, Sendable, Hashable, Codable, CaseIterable {
    case vqgan, clip

    /// The name of its weight file in a model's folder.
    public var weightFile: String { rawValue + ".safetensors" }

    /// As people write it.
    public var title: String { rawValue.uppercased() }
}

/// A place that has a file.
public struct Source: Sendable, Hashable, Codable {
    public let url: String
    /// The file's exact size, where it is known.
    public let bytes: Int64?
    /// The file's SHA-256 as 64 hexadecimal digits, where it is known.
    public let sha256: String?

    public init(_ url: String, bytes: Int64? = nil, sha256: String? = nil) {
        self.url = url
        self.bytes = bytes
        self.sha256 = sha256?.lowercased()
    }
}

/// A file with the places that have it, the best one first.
public struct RemoteFile: Sendable, Hashable, Codable {
    /// The name that it is stored under.
    public let name: String
    public let sources: [Source]

    public init(_ name: String, _ sources: [Source]) {
        self.name = name
        self.sources = sources
    }

    /// The size by the first source that has one.
    public var bytes: Int64? { sources.lazy.compactMap(\.bytes).first }
}

/// A public model that the program can download.
public struct KnownModel: Sendable, Hashable, Codable {
    public let name: String
    public let kind: ModelKind
    /// What it paints, or what a CLIP is good for, in a few words.
    public let paints: String
    /// Such as `f=16, 1024 codes`.
    public let architecture: String
    /// About how much stays on the disk after the import.
    public let importedBytes: Int64?
    /// The weights first, then what belongs beside them.
    public let files: [RemoteFile]
    /// What other tools call it.
    public let aliases: [String]?
    /// About how much is downloaded, where no exact size is known.
    public let approximateBytes: Int64?

    /// Exactly how much is downloaded; `nil` when it is not known.
    public var downloadBytes: Int64? {
        let sizes = files.map(\.bytes)
        return sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }
    }

    /// Such as `4.26 GB`, `about 958 MB` or `size not known`.
    public var downloadText: String {
        if let downloadBytes { return ByteText.size(downloadBytes) }
        return approximateBytes.map { "about " + ByteText.size($0) } ?? "size not known"
    }

    enum CodingKeys: String, CodingKey {
        case name, kind, paints, architecture, files, aliases
        case approximateBytes = "approximate_bytes"
        case importedBytes = "imported_bytes"
    }
}

/// The public models that the program knows.
public struct Catalogue: Sendable, Codable {
    public let models: [KnownModel]

    public init(models: [KnownModel]) { self.models = models }

    /// The program's own list.
    public static let builtIn = Catalogue(models: vqgans + clips)

    /// The program's own list, or the JSON file that the environment variable `VQCLIP_CATALOGUE` names instead.
    /// - Throws: ``EngineFailure`` when that file cannot be used.
    public static func load(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EngineFailure) -> Catalogue {
        guard let path = environment["VQCLIP_CATALOGUE"], !path.isEmpty else { return builtIn }
        let hint = "correct the file that VQCLIP_CATALOGUE names, or unset the variable"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw EngineFailure(.file, "\(path) cannot be read", hint: hint)
        }
        do {
            let catalogue = try JSONDecoder().decode(Catalogue.self, from: data)
            for model in catalogue.models where !ModelName.isValid(model.name) || model.files.isEmpty {
                throw EngineFailure(.file, "\(path): '\(model.name)' has no usable name or no files", hint: hint)
            }
            for file in catalogue.models.flatMap(\.files) where !ModelName.isValid(file.name) || file.sources.isEmpty {
                throw EngineFailure(.file, "\(path): the file '\(file.name)' has no usable name or source", hint: hint)
            }
            return catalogue
        } catch let failure as EngineFailure {
            throw failure
        } catch {
            throw EngineFailure(.file, "\(path) is no catalogue of models", hint: hint)
        }
    }

    /// The model of that name, also as other tools write it: `ViT-B/32`, `wikiart_16384`.
    public subscript(name: String) -> KnownModel? {
        let wanted = ModelName.normalized(name)
        return models.first { $0.name == wanted }
            ?? models.first { ($0.aliases ?? []).contains { ModelName.normalized($0) == wanted } }
    }
}

/// Names of models, which are names of folders.
public enum ModelName {
    /// Whether a folder of that name can be made: letters, digits, `.`, `_`, `-`, `+`, not hidden, at most 100 bytes.
    public static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100 && name.first != "." && name.first != "-"
            && name.unicodeScalars.allSatisfy { letter in
                letter.properties.isAlphabetic || ("0"..."9").contains(letter) || "._-+".unicodeScalars.contains(letter)
            }
    }

    /// The same name in the catalogue's way of writing: small letters and hyphens.
    public static func normalized(_ name: String) -> String {
        name.lowercased().map { "/_@ ".contains($0) ? "-" : String($0) }.joined()
    }

    /// A name made of a file's: without its suffix, and with hyphens for what cannot be in a name.
    public static func suggested(for file: String) -> String {
        let stem = URL(filePath: file).deletingPathExtension().lastPathComponent
        let letters = stem.map { isValid("a\($0)") ? String($0) : "-" }.joined()
        let trimmed = letters.drop { "-.".contains($0) }.prefix(80)
        return trimmed.isEmpty ? "model" : String(trimmed)
    }
}
