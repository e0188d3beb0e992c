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

/// What a picture starts from.
enum SketchPlan {
    case one(SketchChoice)
    /// No sketch has all that the texts ask for, but an object and a scene together have more of it.
    case blend(object: SketchChoice, scene: SketchChoice, above: Bool)
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
    /// How much more of the texts, as a share of their words' weights, an object in a scene must have to be worth it.
    private static let worthBlending = 0.1

    /// What an entry is, as the file numbers it.
    private enum Kind: Int64 {
        case other = 0
        /// On even ground, so that it can be cut out.
        case object = 1
        case scene = 2
    }

    let captions: [String]
    /// [entries, h, w] int64.
    private let codes: Tensor
    /// [entries, embedding] float32, of about length 1.
    private let features: Tensor
    private let words: CaptionIndex
    /// Empty where the file does not say.
    private let kinds: [Kind]

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
            if w.has("kinds") {
                kinds = try w.tensor("kinds", [captions.count]).converted(to: .int64).integers()
                    .map { Kind(rawValue: $0) ?? .other }
            } else {
                kinds = []
            }
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
        let scores = try scores(texts, textFeatures)
        let best = Self.candidates(of: scores, among: captions.indices)
        return try choice(best[Int(seed % UInt64(best.count))], scores)
    }

    /// The sketch of ``choose(texts:textFeatures:seed:)``, or an object and a scene where these have more of the texts.
    ///
    /// Whether to blend does not depend on the seed; which object and which scene does.
    func plan(
        texts: [(text: String, weight: Double)],
        textFeatures: Tensor,
        seed: UInt64
    ) throws(TorchError) -> SketchPlan {
        let scores = try scores(texts, textFeatures)
        let best = Self.candidates(of: scores, among: captions.indices)
        let objects = Self.candidates(of: scores, among: kinds.indices.filter { kinds[$0] == .object })
        let scenes = Self.candidates(of: scores, among: kinds.indices.filter { kinds[$0] == .scene })
        let single = SketchPlan.one(try choice(best[Int(seed % UInt64(best.count))], scores))
        guard let object = objects.first, let scene = scenes.first else { return single }
        let together = share(of: texts, in: [object, scene])
        let apart = [best[0], object, scene].map { share(of: texts, in: [$0]) }
        guard apart.allSatisfy({ together >= $0 + Self.worthBlending }) else { return single }
        let (objectCount, sceneCount) = (UInt64(objects.count), UInt64(scenes.count))
        return .blend(
            object: try choice(objects[Int(seed % objectCount)], scores),
            scene: try choice(scenes[Int(seed / objectCount % sceneCount)], scores),
            above: texts.contains { $0.weight > 0 && CaptionIndex.saysAbove($0.text) }
        )
    }

    /// The mean over the texts of positive weight of how much of each the captions have together.
    private func share(of texts: [(text: String, weight: Double)], in captions: [Int]) -> Double {
        let positive = texts.filter { $0.weight > 0 }
        let sum = positive.reduce(0) { $0 + $1.weight * words.share(of: $1.text, in: captions) }
        return sum / max(positive.reduce(0) { $0 + $1.weight }, .leastNormalMagnitude)
    }

    private func scores(
        _ texts: [(text: String, weight: Double)],
        _ textFeatures: Tensor
    ) throws(TorchError) -> [Double] {
        var scores = [Double](repeating: 0, count: captions.count)
        if !texts.isEmpty {
            let weights = try Tensor(texts.map { Float($0.weight) }, shape: [texts.count, 1])
                .converted(on: features.device)
            let wanted = try (textFeatures.detached().normalized() * weights).sum(0)
            let fits = try features.matmul(wanted.reshaped([-1, 1])).floats()
            for (index, fit) in fits.enumerated() { scores[index] = Self.clipWeight * Double(fit) }
        }
        for (text, weight) in texts { words.add(to: &scores, likenessTo: text, times: weight) }
        return scores
    }

    private func choice(_ index: Int, _ scores: [Double]) throws(TorchError) -> SketchChoice {
        SketchChoice(
            index: index,
            caption: captions[index],
            score: scores[index],
            codes: try codes.slice(0, from: index, length: 1)
        )
    }

    /// The best of some entries, and those of the next four that are nearly as good.
    private static func candidates(of scores: [Double], among indices: some Sequence<Int>) -> [Int] {
        let ranked = best(scores, indices)
        let top = ranked.first.map { scores[$0] } ?? 0
        return ranked.prefix(1) + ranked.dropFirst().filter { scores[$0] >= nearlyBest * top }
    }

    /// The indices of the highest scores, best first; among equals the earlier entry.
    private static func best(_ scores: [Double], _ indices: some Sequence<Int>) -> [Int] {
        var best: [Int] = []
        for index in indices {
            let score = scores[index]
            if best.count == candidates, let last = best.last, scores[last] >= score { continue }
            let place = best.firstIndex { scores[$0] < score } ?? best.count
            best.insert(index, at: place)
            if best.count > candidates { best.removeLast() }
        }
        return best
    }
}
