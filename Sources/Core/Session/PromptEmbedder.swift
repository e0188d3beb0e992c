import EngineKit
import Foundation
import Media
import Tokenizers
import Torch

/// What every CLIP of an ensemble compares cutouts with.
struct PromptTargets {
    /// Whether each prompt counts at all: it is not muted and has a weight.
    let isAudible: [Bool]
    /// The targets of the audible prompts, for each CLIP.
    let byCLIP: [[PromptTarget]]
}

/// Turns prompts into targets, embedding only what it has not embedded before.
struct PromptEmbedder {
    /// Texts with the index of the CLIP that embedded them.
    private struct Key: Hashable {
        let text: String
        let clip: Int
    }

    private var texts: [Key: Tensor] = [:]
    private var images: [String: [Tensor]] = [:]
    /// What the user should know of the last call: truncated prompts.
    private(set) var notes: [String] = []

    /// Image prompts whose embeddings, one of each CLIP, were saved with a run; used instead of reading the picture again.
    mutating func remember(image path: String, _ embeddings: [Tensor]) { images[path] = embeddings }

    /// The embeddings of image prompts, by path and then by CLIP, to be saved with a run.
    var imageEmbeddings: [String: [Tensor]] { images }

    /// - Throws: ``EngineFailure`` or an image's or libtorch's error.
    mutating func targets(
        for prompts: [Prompt],
        clips: CLIPEnsemble,
        settings: RunSettings,
        device: Device
    ) throws -> PromptTargets {
        notes = []
        let isAudible = zip(prompts.audible, prompts).map { $0 && $1.weight != 0 }
        var byCLIP = [[PromptTarget]](repeating: [], count: clips.members.count)
        for (prompt, isAudible) in zip(prompts, isAudible) where isAudible {
            let embeddings =
                switch prompt.content {
                case .text(let text): try embeddings(of: text, clips)
                case .image(let path): try embeddings(ofImage: path, clips, settings, device)
                }
            for (index, embedding) in embeddings.enumerated() {
                byCLIP[index].append(PromptTarget(embeddings: embedding, weight: prompt.weight, stop: prompt.stop))
            }
        }
        return PromptTargets(isAudible: isAudible, byCLIP: byCLIP)
    }

    /// Of each CLIP [1, E] of length 1.
    private mutating func embeddings(of text: String, _ clips: CLIPEnsemble) throws -> [Tensor] {
        var embeddings: [Tensor] = []
        for (index, member) in clips.members.enumerated() {
            embeddings.append(try embedding(of: text, member.clip, Key(text: text, clip: index)))
        }
        return embeddings
    }

    private mutating func embedding(of text: String, _ clip: CLIP, _ key: Key) throws -> Tensor {
        let count = clip.tokenizer.tokenCount(of: text)
        if count == 0 {
            throw EngineFailure(
                .prompt,
                "the model knows no part of '\(text)'",
                hint: "write it in other words or another alphabet"
            )
        }
        if count > clip.tokenizer.tokenLimit {
            let note = "'\(text.prefix(24))…' has \(count) tokens; only \(clip.tokenizer.tokenLimit) are used"
            if !notes.contains(note) { notes.append(note) }
        }
        if let known = texts[key] { return known }
        let embedding = try withoutGradient { try clip.textFeatures(of: [text]).features.normalized() }
        texts[key] = embedding
        return embedding
    }

    /// Of each CLIP [cuts, E], each row of length 1: the picture is cut up once, as the classic tools do.
    private mutating func embeddings(
        ofImage path: String,
        _ clips: CLIPEnsemble,
        _ settings: RunSettings,
        _ device: Device
    ) throws -> [Tensor] {
        if let known = images[path] { return known }
        let picture = try PictureTensor.read(path, covering: settings.size, device: device)
        let embeddings = try withoutGradient {
            try clips.members.map { try Self.embedding(of: picture, $0.clip, settings) }
        }
        images[path] = embeddings
        return embeddings
    }

    /// [cuts, E] of length 1 of a picture [1, 3, H, W] in 0…1.
    private static func embedding(
        of picture: Tensor,
        _ clip: CLIP,
        _ settings: RunSettings
    ) throws(TorchError) -> Tensor {
        let recipe = CutoutRecipe(settings)
        let planner = CutoutPlanner(
            recipe: recipe,
            size: settings.size,
            resolution: clip.resolution,
            noise: settings.noise
        )
        // Other draws than those of the run's first step.
        let plans = planner.plans(seed: ~settings.seed, step: 0, count: settings.cuts)
        let sampler = CutoutSampler(recipe: recipe, resolution: clip.resolution)
        let sources = try sampler.sources(of: picture, plans: plans)
        var parts: [Tensor] = []
        for start in stride(from: 0, to: plans.count, by: 16) {
            let some = plans[start..<min(plans.count, start + 16)]
            let cutouts = try sampler.cutouts(of: some, from: sources, colorOrder: [0, 1, 2, 3])
            parts.append(try clip.imageFeatures(cutouts).normalized())
        }
        return try Tensor.concatenate(parts)
    }
}
