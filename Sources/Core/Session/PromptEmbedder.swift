import EngineKit
import Foundation
import Media
import Torch

/// Turns prompts into targets, embedding only what it has not embedded before.
struct PromptEmbedder {
    private var texts: [String: Tensor] = [:]
    private var images: [String: Tensor] = [:]
    /// What the user should know of the last call: truncated prompts.
    private(set) var notes: [String] = []

    /// Image prompts whose embeddings were saved with a run; used instead of reading the picture again.
    mutating func remember(image path: String, _ embeddings: Tensor) { images[path] = embeddings }

    /// The embeddings of image prompts, by path, to be saved with a run.
    var imageEmbeddings: [String: Tensor] { images }

    /// One target per prompt; `nil` for a prompt that is muted or has the weight 0.
    /// - Throws: ``EngineFailure`` or an image's or libtorch's error.
    mutating func targets(
        for prompts: [Prompt],
        clip: CLIP,
        settings: RunSettings,
        device: Device
    ) throws -> [PromptTarget?] {
        notes = []
        let audible = prompts.audible
        var targets: [PromptTarget?] = []
        for (index, prompt) in prompts.enumerated() {
            guard audible[index], prompt.weight != 0 else {
                targets.append(nil)
                continue
            }
            let embeddings =
                switch prompt.content {
                case .text(let text): try embedding(of: text, clip)
                case .image(let path): try embeddings(ofImage: path, clip, settings, device)
                }
            targets.append(PromptTarget(embeddings: embeddings, weight: prompt.weight, stop: prompt.stop))
        }
        return targets
    }

    /// [1, E] of length 1.
    private mutating func embedding(of text: String, _ clip: CLIP) throws -> Tensor {
        let count = clip.tokenizer.tokenCount(of: text)
        if count == 0 {
            throw EngineFailure(
                .prompt,
                "the model knows no part of '\(text)'",
                hint: "write it in other words or another alphabet"
            )
        }
        if count > clip.tokenizer.tokenLimit {
            notes.append("'\(text.prefix(24))…' has \(count) tokens; only \(clip.tokenizer.tokenLimit) are used")
        }
        if let known = texts[text] { return known }
        let embedding = try withoutGradient { try clip.textFeatures(of: [text]).features.normalized() }
        texts[text] = embedding
        return embedding
    }

    /// [cuts, E], each of length 1: the picture is cut up once, as the classic tools do.
    private mutating func embeddings(
        ofImage path: String,
        _ clip: CLIP,
        _ settings: RunSettings,
        _ device: Device
    ) throws -> Tensor {
        if let known = images[path] { return known }
        let picture = try PictureTensor.read(path, covering: settings.size, device: device)
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
        let embeddings = try withoutGradient {
            let sources = try sampler.sources(of: picture, plans: plans)
            var parts: [Tensor] = []
            for start in stride(from: 0, to: plans.count, by: 16) {
                let some = plans[start..<min(plans.count, start + 16)]
                let cutouts = try sampler.cutouts(of: some, from: sources, colorOrder: [0, 1, 2, 3])
                parts.append(try clip.imageFeatures(cutouts).normalized())
            }
            return try Tensor.concatenate(parts)
        }
        images[path] = embeddings
        return embeddings
    }
}
