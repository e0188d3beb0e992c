public import Foundation
import Media

/// Where a model came from and what was made of it; kept in the metadata of its weight file.
public struct Provenance: Sendable, Hashable, Codable {
    /// The name of the file that was imported.
    public var source: String
    /// Where it was downloaded from.
    public var url: String?
    /// The SHA-256 of that file.
    public var sha256: String
    /// The size of that file.
    public var bytes: Int64
    /// Whether the sum was known beforehand; otherwise it was only noted.
    public var isVerified: Bool
    /// When it was imported, in the form of ISO 8601.
    public var imported: String
    /// The program that did it, with its version.
    public var tool: String
    /// Such as `f=16, 1024 codes`.
    public var architecture: String?
    /// The element type of the weights, such as `float32`, or `float16` after `--half`.
    public var type: String

    enum CodingKeys: String, CodingKey {
        case source, url, sha256, bytes, imported, tool, architecture, type
        case isVerified = "verified"
    }
}

/// A VQGAN or a CLIP that is on this machine.
public struct ModelPart: Sendable, Hashable, Encodable {
    public let kind: ModelKind
    /// Its weight file.
    public let path: String
    public let bytes: Int64
    /// There where the program imported it.
    public let provenance: Provenance?
}

/// A folder with a VQGAN, a CLIP or both.
public struct InstalledModel: Sendable, Hashable, Encodable {
    public let name: String
    public let folder: URL
    /// Whether it comes with the program, and so cannot be removed.
    public let isBuiltIn: Bool
    public let parts: [ModelPart]
    /// What all files of the folder take.
    public let bytes: Int64

    public var kinds: [ModelKind] { parts.map(\.kind) }

    public func part(_ kind: ModelKind) -> ModelPart? { parts.first { $0.kind == kind } }

    enum CodingKeys: String, CodingKey {
        case name, parts, bytes
        case folder = "path"
        case isBuiltIn = "built_in"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(folder.path, forKey: .folder)
        try container.encode(isBuiltIn, forKey: .isBuiltIn)
        try container.encode(parts, forKey: .parts)
        try container.encode(bytes, forKey: .bytes)
    }

    /// Looks into a folder.
    /// - Returns: `nil` when there is no weight file of a known name in it.
    init?(folder: URL, isBuiltIn: Bool) {
        let manager = FileManager.default
        let parts = ModelKind.allCases.compactMap { kind -> ModelPart? in
            let path = folder.appending(path: kind.weightFile).path
            guard manager.fileExists(atPath: path) else { return nil }
            return ModelPart(
                kind: kind,
                path: path,
                bytes: DiskSpace.size(of: path),
                provenance: SafetensorsMetadata.provenance(ofFile: path)
            )
        }
        guard !parts.isEmpty else { return nil }
        let files = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        name = folder.lastPathComponent
        self.folder = folder
        self.isBuiltIn = isBuiltIn
        self.parts = parts
        bytes = files.reduce(0) { $0 + DiskSpace.size(of: folder.appending(path: $1).path) }
    }
}

/// The metadata of a safetensors file, without its tensors.
enum SafetensorsMetadata {
    static let provenanceKey = "provenance"
    private static let headerLimit: UInt64 = 100_000_000

    /// What the program noted when it imported the file; `nil` for any other file.
    static func provenance(ofFile path: String) -> Provenance? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let prefix = try? file.read(upToCount: 8), prefix.count == 8 else { return nil }
        let length = prefix.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        guard length <= headerLimit, let text = try? file.read(upToCount: Int(length)),
            let header = (try? JSONSerialization.jsonObject(with: text)) as? [String: Any],
            let metadata = header["__metadata__"] as? [String: String], let note = metadata[provenanceKey]
        else { return nil }
        return try? JSONDecoder().decode(Provenance.self, from: Data(note.utf8))
    }
}
