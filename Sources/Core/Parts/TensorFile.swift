import EngineKit
import Foundation
import Media
public import Torch

/// Tensors in a safetensors file, for other programs and for ``StoredPicture``.
public enum TensorFile {
    /// Replaces a file that is there.
    public static func write(_ tensors: [String: Tensor], metadata: [String: String], to path: String) throws {
        try AtomicFile.write(Safetensors.encode(tensors, metadata: metadata), to: path, overwrite: true)
    }

    /// Texts as one entry of the metadata: a JSON array.
    public static func list(_ texts: [String]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(texts)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }
}

/// A picture as a file of tensors holds it: as codes, as a point of the latent space, or as a run's checkpoint.
public struct StoredPicture {
    private enum Content {
        case codes(Tensor)
        case latent(Tensor, isQuantized: Bool)
    }

    /// Names of codes, of latents before the lookup and of latents after it, in the order in which they are looked for.
    private static let codeNames = ["indices", "tokens", "codes"]
    private static let latentNames = ["latent", "z", "encoded"]
    private static let quantizedNames = ["quantized"]

    /// The VQGAN that it was made with, if the file says so.
    public let vqgan: String?
    private let content: Content

    /// - Parameter entry: which picture, from 0, where the file holds several.
    /// - Throws: ``EngineFailure`` or ``WeightsError`` naming the file when there is no such picture in it.
    public init(path: String, entry: Int?) throws {
        let file = try FileStateDict(path: path)
        if file.metadata[RunCheckpoint.key] != nil {
            let checkpoint = try RunCheckpoint(path: path)
            vqgan = checkpoint.models.vqgan
            content = .latent(try checkpoint.average.value ?? checkpoint.z, isQuantized: false)
            return
        }
        vqgan = file.metadata["vqgan"]
        func find(_ names: [String], rank: Int) throws -> Tensor? {
            guard let name = names.first(where: { file.shape(of: $0) != nil }) else { return nil }
            return try Self.one(file.tensor(name), rank: rank, entry, "\(path): \(name)")
        }
        if let codes = try find(Self.codeNames, rank: 3) {
            content = .codes(codes)
        } else if let latent = try find(Self.latentNames, rank: 4) {
            content = .latent(latent, isQuantized: false)
        } else if let quantized = try find(Self.quantizedNames, rank: 4) {
            content = .latent(quantized, isQuantized: true)
        } else {
            let names = Self.codeNames + Self.latentNames + Self.quantizedNames
            throw EngineFailure(
                .file,
                "\(path) holds no picture: it has none of the tensors \(names.joined(separator: ", "))",
                hint: "choose a file of reconstruct --tokens-out or a run's .checkpoint"
            )
        }
    }

    /// The tensor with one picture in it, whether or not it has a dimension for several.
    private static func one(_ tensor: Tensor, rank: Int, _ entry: Int?, _ place: String) throws -> Tensor {
        var tensor = tensor
        if tensor.shape.count == rank - 1 { tensor = try tensor.reshaped([1] + tensor.shape) }
        let shape = tensor.shape
        guard shape.count == rank, shape[0] > 0 else {
            throw EngineFailure(
                .file,
                "\(place) has the shape \(shape), which is not that of a picture",
                hint: "codes are [h, w], latents [width, h, w], both also with a number of pictures before"
            )
        }
        guard shape[0] == 1 || entry != nil, (0..<shape[0]).contains(entry ?? 0) else {
            throw EngineFailure(
                .file,
                "\(place) holds \(shape[0]) pictures",
                hint: "choose one with --entry, from 0 to \(shape[0] - 1)"
            )
        }
        return try tensor.slice(0, from: entry ?? 0, length: 1)
    }

    /// [1, 3, H, W] in 0…1.
    public func picture(_ coder: VQGANCoder) throws -> Tensor {
        switch content {
        case .codes(let codes): try coder.picture(ofCodes: codes)
        case .latent(let latent, let isQuantized): try coder.picture(ofLatent: latent, isQuantized: isQuantized)
        }
    }
}
