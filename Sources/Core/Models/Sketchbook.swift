import EngineKit
import Foundation
import Torch

/// A sketch to start a picture from.
struct SketchChoice {
    /// Its place in the sketchbook.
    let index: Int
    let caption: String
    /// How well it fits the texts; only for comparing sketches.
    let score: Double
    /// [1, h, w] int64.
    let codes: Tensor
}

/// Small pictures as grids of codes, with captions and their features in the space of the model's CLIP.
///
/// The score of a sketch for a text is how much its caption shares words with it (the cosine of tf-idf vectors) plus
/// 0.3 times the cosine of its picture and the text in CLIP's space.
struct Sketchbook {
    /// The scale of the stored features: round(381 · x / ‖x‖).
    private static let featureScale = 381.0
    /// How much CLIP's opinion counts beside shared words.
    private static let clipWeight = 0.3
    /// The seed chooses among so many of the best.
    private static let candidates = 5
    /// The share of the best score that another candidate must reach: below it, the object is often another one.
    private static let nearlyBest = 0.85

    let captions: [String]
    /// [entries, h, w] int64.
    private let codes: Tensor
    /// [entries, embedding] float32, of about length 1.
    private let features: Tensor
    private let words: CaptionIndex

    /// - Throws: ``EngineFailure`` when the files do not fit each other or the models.
    init(
        _ w: Weights,
        captions: [String],
        vqgan: VQGANConfiguration,
        clip: CLIPConfiguration
    ) throws(EngineFailure) {
        func refusal(_ problem: String) -> EngineFailure {
            EngineFailure(.model, "\(w.path) \(problem)", hint: "restore the file or delete it to do without sketches")
        }
        do {
            let shape = try w.shape("tokens")
            guard shape.count == 3, shape[0] == captions.count, !captions.isEmpty else {
                throw refusal("and its captions do not belong together")
            }
            let stored = try w.tensor("image_features_int8", [shape[0], clip.embedDim])
            codes = try w.tensor("tokens").converted(to: .int64)
            features = try stored / Self.featureScale
            guard try codes.minimum(over: 0, 1, 2).item() >= 0,
                try codes.maximum(over: 0, 1, 2).item() < Double(vqgan.nEmbed)
            else { throw refusal("has codes that the VQGAN does not have") }
            try w.finish()
        } catch let error as WeightsError {
            throw EngineFailure(weights: error, of: w.path)
        } catch {
            throw EngineFailure(describing: error)
        }
        self.captions = captions
        words = CaptionIndex(captions)
    }

    /// The sketch that fits best, or with other seeds one of the next four that fit nearly as well.
    /// - Parameters:
    ///   - texts: prompts with their weights; negative ones push away.
    ///   - textFeatures: [texts, embedding], of any length.
    ///   - seed: chooses among them; 0 is the best.
    func choose(
        texts: [(text: String, weight: Double)],
        textFeatures: Tensor,
        seed: UInt64
    ) throws(TorchError) -> SketchChoice {
        var scores = [Double](repeating: 0, count: captions.count)
        if !texts.isEmpty {
            let weights = try Tensor(texts.map { Float($0.weight) }, shape: [texts.count, 1])
                .converted(on: features.device)
            let wanted = try (textFeatures.detached().normalized() * weights).sum(0)
            let fits = try features.matmul(wanted.reshaped([-1, 1])).floats()
            for (index, fit) in fits.enumerated() { scores[index] = Self.clipWeight * Double(fit) }
        }
        for (text, weight) in texts { words.add(to: &scores, likenessTo: text, times: weight) }
        let ranked = Self.best(scores)
        let top = ranked.first.map { scores[$0] } ?? 0
        let best = ranked.prefix(1) + ranked.dropFirst().filter { scores[$0] >= Self.nearlyBest * top }
        let index = best[Int(seed % UInt64(best.count))]
        return SketchChoice(
            index: index,
            caption: captions[index],
            score: scores[index],
            codes: try codes.slice(0, from: index, length: 1)
        )
    }

    /// The indices of the highest scores, best first; among equals the earlier entry.
    private static func best(_ scores: [Double]) -> [Int] {
        var best: [Int] = []
        for (index, score) in scores.enumerated() {
            if best.count == candidates, let last = best.last, scores[last] >= score { continue }
            let place = best.firstIndex { scores[$0] < score } ?? best.count
            best.insert(index, at: place)
            if best.count > candidates { best.removeLast() }
        }
        return best
    }
}
