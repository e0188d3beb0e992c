public import EngineKit
import Foundation

/// Which model is trained.
public enum TrainingKind: String, Sendable, Codable, CaseIterable {
    case vqgan, clip
}

/// Everything that decides what a training run does; a checkpoint keeps it.
public struct TrainingOptions: Sendable, Hashable, Codable {
    public var kind: TrainingKind
    /// The folder of pictures, absolute.
    public var data: String
    /// A model to go on from; `nil` starts from random parameters.
    public var initial: String?
    /// One of ``TrainingPreset``'s names; with `initial`, whose shape counts, only for the batch and the rate.
    public var preset: String
    /// Side of the pictures that are learned from, in pixels.
    public var size: Int
    /// Pictures in a step.
    public var batch: Int
    /// The highest learning rate.
    public var rate: Double
    public var seed: UInt64
    /// Steps in all; `nil` counts time instead.
    public var steps: Int?
    /// Minutes of training in all, used where there are no steps.
    public var minutes: Double

    // For a VQGAN.
    /// Whether encoder and codebook stay as they are.
    public var decoderOnly = false
    /// The CLIP whose image tower judges likeness; `none` for none.
    public var perceptual = "built-in"
    /// From which part of the training on a discriminator takes part, 0…1; 1 for never.
    public var adversaryFrom = 0.6
    /// What the adversarial loss counts, relative to the reconstruction at the decoder's last layer.
    public var adversaryWeight = 0.1

    // For a CLIP.
    /// A folder with `vocab.json` and `merges.txt`; `nil` learns a tokenizer from the captions.
    public var tokenizer: String?
    /// From which part of the training on pictures are attacked, 0…1; 1 for never.
    public var attackFrom = 0.8
    /// The greatest length of an attack, over a picture of 64 × 64 pixels in 0…1.
    public var attackLength = 0.75
    /// Gradient steps of an attack.
    public var attackSteps = 1
    /// Runs of our own that are painted beside the training, as pictures that are not what they claim to be; 0 for none.
    public var chains = 0
    /// The VQGAN that paints them.
    public var chainModel = "built-in"
    /// Steps after which such a run is over.
    public var chainLife = 150

    /// A preset's numbers, for the rest the defaults.
    public init(kind: TrainingKind, data: String, preset: TrainingPreset) {
        self.kind = kind
        self.data = data
        self.preset = preset.name
        size = preset.size
        batch = preset.batch
        rate = preset.rate
        seed = 0
        steps = nil
        minutes = 60
    }

    /// Refuses numbers that no training can have.
    /// - Throws: ``EngineFailure`` that names the option.
    public func validate() throws(EngineFailure) {
        func require(_ isPossible: Bool, _ problem: String) throws(EngineFailure) {
            if !isPossible {
                throw EngineFailure(.settings, problem, hint: "see vqclip-tui help train \(kind.rawValue)")
            }
        }
        try require((8...1024).contains(size), "--size takes 8 to 1024 pixels, not \(size)")
        try require(
            ((kind == .clip ? 2 : 1)...65_536).contains(batch),
            "--batch takes \(kind == .clip ? 2 : 1) to 65536"
        )
        try require(rate > 0 && rate <= 1, "--rate takes a number above 0 and up to 1, not \(rate)")
        try require(steps.map { (1...1_000_000_000).contains($0) } ?? true, "--steps takes at least 1")
        try require(minutes > 0 && minutes <= 1e6, "--minutes takes a number above 0")
        try require(!decoderOnly || initial != nil, "--decoder-only needs a model to start from, given by --init")
        for part in [adversaryFrom, attackFrom] {
            try require((0...1).contains(part), "parts of the training are numbers from 0 to 1, not \(part)")
        }
        try require((0...10).contains(adversaryWeight), "--adversary-weight takes 0 to 10")
        try require((0...100).contains(attackLength), "--attack-length takes 0 to 100")
        try require((1...100).contains(attackSteps), "--attack-steps takes 1 to 100")
        try require((0...4096).contains(chains), "--chains takes 0 to 4096")
        try require((1...10_000).contains(chainLife), "--chain-life takes 1 to 10000")
    }

    /// The first option in which a run that is to be continued differs, if it matters; how long it trains does not.
    func conflict(with other: TrainingOptions) -> String? {
        var theirs = other
        (theirs.steps, theirs.minutes) = (steps, minutes)
        return self == theirs ? nil : firstDifference(from: theirs)
    }

    private func firstDifference(from other: TrainingOptions) -> String {
        let (mine, theirs) = (Mirror(reflecting: self).children, Mirror(reflecting: other).children)
        for (a, b) in zip(mine, theirs) where "\(a.value)" != "\(b.value)" { return a.label ?? "an option" }
        return "an option"
    }
}

/// A shape of model, with a batch and a learning rate that suit it.
public struct TrainingPreset: Sendable {
    public let name: String
    /// For people.
    public let summary: String
    let size: Int
    let batch: Int
    let rate: Double
    /// The model's description, as it is written beside its weights.
    let description: String

    public static func all(_ kind: TrainingKind) -> [TrainingPreset] { kind == .vqgan ? vqgans : clips }

    /// - Throws: ``EngineFailure`` that lists the names there are.
    public static func named(_ name: String, _ kind: TrainingKind) throws(EngineFailure) -> TrainingPreset {
        if let preset = all(kind).first(where: { $0.name == name }) { return preset }
        let names = all(kind).map(\.name).joined(separator: ", ")
        throw EngineFailure(.settings, "'\(name)' is no preset of a \(kind.rawValue)", hint: "choose one of \(names)")
    }

    private static let vqgans = [
        TrainingPreset(
            name: "tiny",
            summary: "cells of 4 pixels, 64 codes, 0.1 million parameters: to try things in a minute",
            size: 32,
            batch: 8,
            rate: 2e-3,
            description: """
                {"embed_dim": 8, "n_embed": 64, "ddconfig": {"z_channels": 16, "resolution": 32, "ch": 16,
                "ch_mult": [1, 2], "num_res_blocks": 1, "mid_attention": false, "patch_size": 2,
                "norm_groups": "min(16, channels / 4)"}}
                """
        ),
        TrainingPreset(
            name: "small",
            summary: "cells of 8 pixels, 1024 codes, 2.8 million parameters: half an hour of a processor's core",
            size: 64,
            batch: 8,
            rate: 1.2e-3,
            description: """
                {"embed_dim": 32, "n_embed": 1024, "ddconfig": {"z_channels": 64, "resolution": 128, "ch": 32,
                "ch_mult": [1, 2, 4], "num_res_blocks": 1, "patch_size": 2, "norm_groups": "min(16, channels / 4)"}}
                """
        ),
        TrainingPreset(
            name: "f8",
            summary: "cells of 8 pixels, 4096 codes, 24 million parameters: hours of a graphics card",
            size: 128,
            batch: 8,
            rate: 4e-4,
            description: """
                {"embed_dim": 64, "n_embed": 4096, "ddconfig": {"z_channels": 128, "resolution": 256, "ch": 64,
                "ch_mult": [1, 2, 4], "num_res_blocks": 2, "patch_size": 2}}
                """
        ),
        TrainingPreset(
            name: "f16",
            summary: "taming's own: cells of 16 pixels, 1024 codes, 67 million parameters: days of a graphics card",
            size: 256,
            batch: 4,
            rate: 1e-4,
            description: """
                {"embed_dim": 256, "n_embed": 1024, "ddconfig": {"z_channels": 256, "resolution": 256, "ch": 128,
                "ch_mult": [1, 1, 2, 2, 4], "num_res_blocks": 2, "attn_resolutions": [16]}}
                """
        ),
    ]

    private static let clips = [
        TrainingPreset(
            name: "tiny",
            summary: "pictures of 32 pixels, 0.1 million parameters: to try things in a minute",
            size: 32,
            batch: 16,
            rate: 3e-3,
            description: """
                {"embed_dim": 32, "image_resolution": 32, "vision": {"kind": "convnet", "widths": [16, 16, 24, 32],
                "layers": [1, 1], "heads": 4, "activation": "silu", "input_range": [-1, 1], "batch_norm": true},
                "context_length": 16, "vocab_size": 512, "transformer_width": 32, "transformer_heads": 4,
                "transformer_layers": 1, "activation": "gelu", "pad_id": 0, "sot_id": 1, "eot_id": 2}
                """
        ),
        TrainingPreset(
            name: "small",
            summary: "pictures of 64 pixels, 3.3 million parameters: hours of a processor's core",
            size: 64,
            batch: 128,
            rate: 1.5e-3,
            description: """
                {"embed_dim": 256, "image_resolution": 64, "vision": {"kind": "convnet",
                "widths": [24, 48, 48, 96, 224], "layers": [2, 2, 2], "heads": 4, "activation": "silu",
                "input_range": [-1, 1], "batch_norm": true}, "context_length": 32, "vocab_size": 4096,
                "transformer_width": 128, "transformer_heads": 4, "transformer_layers": 3, "activation": "gelu",
                "pad_id": 0, "sot_id": 1, "eot_id": 2}
                """
        ),
        TrainingPreset(
            name: "vit",
            summary: "a vision transformer on pictures of 64 pixels, 4 million parameters",
            size: 64,
            batch: 128,
            rate: 1e-3,
            description: """
                {"embed_dim": 256, "image_resolution": 64, "vision": {"kind": "vit", "widths": [192], "heads": 6,
                "layers": [6], "patch_size": 8, "activation": "gelu", "input_range": [-1, 1]}, "context_length": 32,
                "vocab_size": 4096, "transformer_width": 128, "transformer_heads": 4, "transformer_layers": 3,
                "activation": "gelu", "pad_id": 0, "sot_id": 1, "eot_id": 2}
                """
        ),
        TrainingPreset(
            name: "rn",
            summary: "OpenAI's residual network on pictures of 96 pixels, 12 million parameters: a graphics card",
            size: 96,
            batch: 128,
            rate: 1e-3,
            description: """
                {"embed_dim": 384, "image_resolution": 96, "vision": {"kind": "modified_resnet", "widths": [32],
                "heads": 8, "layers": [2, 2, 2, 2]}, "context_length": 48, "vocab_size": 8192,
                "transformer_width": 256, "transformer_heads": 4, "transformer_layers": 4, "activation": "gelu",
                "pad_id": 0, "sot_id": 1, "eot_id": 2}
                """
        ),
    ]
}
