public import Foundation

/// Finds the weight files of a folder by the names that tools give them.
public enum ModelFiles {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        case vqgan
        case clip

        /// Names to look for first, best first.
        fileprivate var usualNames: [String] {
            switch self {
            case .vqgan: ["vqgan.safetensors", "last.ckpt", "model.ckpt"]
            case .clip:
                [
                    "clip.safetensors", "open_clip_model.safetensors", "model.safetensors",
                    "open_clip_pytorch_model.bin", "pytorch_model.bin",
                ]
            }
        }
    }

    private static let extensions = ["safetensors", "ckpt", "pt", "pth", "bin"]
    /// Files of weights that are neither a VQGAN nor a CLIP.
    private static let others = ["sketchbook.safetensors"]

    /// The files of a folder that may be a model of the kind, the likeliest first: those with a usual name of the kind,
    /// then all other weight files by name, and last those with a usual name of another kind. Whether they are is for
    /// their contents to say.
    public static func candidates(for kind: Kind, in folder: URL) -> [URL] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        let weights = names.filter { name in
            extensions.contains(URL(filePath: name).pathExtension.lowercased()) && !others.contains(name)
        }
        let usual = kind.usualNames.filter(weights.contains)
        let foreign = Kind.allCases.filter { $0 != kind }.flatMap(\.usualNames)
        let rest = weights.filter { !usual.contains($0) && !foreign.contains($0) }
        let last = weights.filter { !usual.contains($0) && foreign.contains($0) }
        return (usual + rest + last).map { folder.appending(path: $0) }
    }

    /// All weight files of a folder.
    public static func all(in folder: URL) -> [URL] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
        return names.filter { extensions.contains(URL(filePath: $0).pathExtension.lowercased()) }
            .map { folder.appending(path: $0) }
    }
}
