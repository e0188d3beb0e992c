import EngineKit
import Foundation
import Media
import Tokenizers
public import Torch

/// A CLIP that says what it sees in pictures and texts.
public struct CLIPMeter {
    /// How near a picture and a text are.
    public struct Nearness: Sendable, Hashable {
        /// The cosine of the angle between their features, -1…1.
        public let cosine: Double
        /// The distance that a run makes smaller, 2 · arcsin(‖u − v‖ / 2)², 0…4.93.
        public let distance: Double
    }

    /// Pictures and texts that are embedded at once.
    private static let portion = 16

    /// What the user calls it.
    public let name: String
    private let clip: CLIP
    private let device: Device

    init(name: String, clip: CLIP, device: Device) {
        self.name = name
        self.clip = clip
        self.device = device
    }

    /// Length of a feature vector.
    public var width: Int { clip.configuration.embedDim }

    /// What the user should know of texts: those whose ends are not seen.
    public func notes(on texts: [String]) -> [String] {
        let limit = clip.tokenizer.tokenLimit
        return texts.compactMap { text in
            let count = clip.tokenizer.tokenCount(of: text)
            return count > limit ? "'\(text.prefix(24))…' has \(count) tokens; only \(limit) are used by \(name)" : nil
        }
    }

    /// - Returns: [N, width] float32 on the CPU, not normalised.
    /// - Throws: ``EngineFailure`` for a text of which the model knows nothing.
    public func features(ofTexts texts: [String]) throws -> Tensor {
        for text in texts where clip.tokenizer.tokenCount(of: text) == 0 {
            throw EngineFailure(
                .prompt,
                "the model knows no part of '\(text)'",
                hint: "write it in other words or another alphabet"
            )
        }
        return try gathered(texts) { try clip.textFeatures(of: $0).features }
    }

    /// Pictures are scaled so that their shorter sides fit the model, and cropped at their centres.
    /// - Returns: [N, width] float32 on the CPU, not normalised.
    /// - Throws: ``ImageError`` naming a picture that cannot be read.
    public func features(ofPictures paths: [String]) throws -> Tensor {
        let size = PictureSize(clip.resolution, clip.resolution)
        return try gathered(paths) { paths in
            let pictures = try paths.map { try PictureTensor.read($0, covering: size, device: device) }
            return try clip.imageFeatures(Tensor.concatenate(pictures))
        }
    }

    private func gathered(_ items: [String], _ features: ([String]) throws -> Tensor) throws -> Tensor {
        guard !items.isEmpty else { return try Tensor.zeros([0, width]) }
        return try withoutGradient {
            let parts = try stride(from: 0, to: items.count, by: Self.portion).map { start in
                try features(Array(items[start..<min(items.count, start + Self.portion)])).converted(on: .cpu)
            }
            return try Tensor.concatenate(parts)
        }
    }

    /// How near each of the pictures' features is to each of the texts': a row for every picture.
    public static func nearness(_ pictures: Tensor, _ texts: Tensor) throws(TorchError) -> [[Nearness]] {
        try withoutGradient { () throws(TorchError) in
            let (rows, columns) = (pictures.shape[0], texts.shape[0])
            let (u, v) = (try pictures.normalized(), try texts.normalized())
            let cosines = try u.matmul(v.transposed(0, 1)).floats()
            let distances = try PromptLoss.sphericalDistance(u, v).floats()
            return (0..<rows).map { row in
                (0..<columns).map { column in
                    let place = row * columns + column
                    return Nearness(cosine: Double(cosines[place]), distance: Double(distances[place]))
                }
            }
        }
    }
}
