import Torch

/// The shape of a VQGAN, in the names of taming-transformers' yaml files (`model.params`).
///
/// Every field of the block below `ddconfig` after `attnResolutions` departs from taming and has taming's behaviour as
/// its default.
package struct VQGANConfiguration: Sendable, Hashable, Codable {
    /// Width of a code vector.
    package var embedDim: Int
    /// Number of codes.
    package var nEmbed: Int
    package var ddconfig: Networks

    private enum CodingKeys: String, CodingKey {
        case embedDim = "embed_dim"
        case nEmbed = "n_embed"
        case ddconfig
    }

    /// The shape of the encoder and the decoder.
    package struct Networks: Sendable, Hashable, Codable {
        /// Whether the encoder gives twice the channels, as a mean and a variance.
        var doubleZ = false
        /// Channels between the networks and the 1×1 convolutions around the codebook.
        package var zChannels: Int
        /// The side in pixels that `attnResolutions` refers to, whatever the picture's real size.
        package var resolution = 256
        var inChannels = 3
        var outCh = 3
        /// Channels at full resolution; multiplied by `chMult` per level.
        package var ch: Int
        package var chMult: [Int]
        /// Residual blocks per level of the encoder; the decoder has one more.
        package var numResBlocks: Int
        /// Nominal resolutions whose levels have attention.
        var attnResolutions: [Int] = []
        /// Whether there is attention in the middle, at the lowest resolution.
        var midAttention = true
        /// Side of the pixel blocks that are folded into channels before the encoder and unfolded after the decoder.
        package var patchSize = 1
        var normGroups = NormGroups.fixed(32)
        var normEps = 1e-6
    }

    /// Pixels per latent cell and side: 2 per change of level, times the patch.
    package var cellSize: Int { ddconfig.patchSize << (ddconfig.chMult.count - 1) }
}

extension VQGANConfiguration.Networks {
    private enum CodingKeys: String, CodingKey {
        case doubleZ = "double_z"
        case zChannels = "z_channels"
        case resolution
        case inChannels = "in_channels"
        case outCh = "out_ch"
        case ch
        case chMult = "ch_mult"
        case numResBlocks = "num_res_blocks"
        case attnResolutions = "attn_resolutions"
        case midAttention = "mid_attention"
        case patchSize = "patch_size"
        case normGroups = "norm_groups"
        case normEps = "norm_eps"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        zChannels = try values.decode(Int.self, forKey: .zChannels)
        ch = try values.decode(Int.self, forKey: .ch)
        chMult = try values.decode([Int].self, forKey: .chMult)
        numResBlocks = try values.decode(Int.self, forKey: .numResBlocks)
        doubleZ = try values.decodeIfPresent(Bool.self, forKey: .doubleZ) ?? doubleZ
        resolution = try values.decodeIfPresent(Int.self, forKey: .resolution) ?? resolution
        inChannels = try values.decodeIfPresent(Int.self, forKey: .inChannels) ?? inChannels
        outCh = try values.decodeIfPresent(Int.self, forKey: .outCh) ?? outCh
        attnResolutions = try values.decodeIfPresent([Int].self, forKey: .attnResolutions) ?? attnResolutions
        midAttention = try values.decodeIfPresent(Bool.self, forKey: .midAttention) ?? midAttention
        patchSize = try values.decodeIfPresent(Int.self, forKey: .patchSize) ?? patchSize
        normGroups = try values.decodeIfPresent(NormGroups.self, forKey: .normGroups) ?? normGroups
        normEps = try values.decodeIfPresent(Double.self, forKey: .normEps) ?? normEps
        try validate(values)
    }

    /// Refuses numbers that no network can have, before anything is computed from them.
    private func validate(_ values: KeyedDecodingContainer<CodingKeys>) throws {
        func require(_ key: CodingKeys, _ isPossible: Bool) throws {
            guard isPossible else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "impossible value")
            }
        }
        try require(.zChannels, (1...65_536).contains(zChannels))
        try require(.ch, (1...65_536).contains(ch))
        try require(.chMult, (1...16).contains(chMult.count) && chMult.allSatisfy { (1...1024).contains($0) })
        try require(.numResBlocks, (1...64).contains(numResBlocks))
        try require(.patchSize, (1...64).contains(patchSize))
        try require(.resolution, resolution > 0)
        try require(.inChannels, inChannels == 3)
        try require(.outCh, outCh == 3)
    }

    /// Channels of a level.
    func channels(_ level: Int) -> Int { ch * chMult[level] }

    /// Whether a level has attention after each of its blocks.
    func attends(_ level: Int) -> Bool { attnResolutions.contains(resolution >> level) }

    /// Channels that enter the encoder and leave the decoder.
    func pictureChannels(_ colours: Int) -> Int { colours * patchSize * patchSize }
}

/// The number of groups of a group normalisation.
enum NormGroups: Sendable, Hashable, Codable {
    /// The same everywhere; 32 in taming.
    case fixed(Int)
    /// min(limit, channels / size), written `min(16, channels / 4)`.
    case atMost(Int, channelsPerGroup: Int)

    func count(channels: Int) -> Int {
        switch self {
        case .fixed(let count): count
        case .atMost(let limit, let size): min(limit, channels / size)
        }
    }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let count = try? value.decode(Int.self), count > 0 {
            self = .fixed(count)
            return
        }
        let text = try value.decode(String.self)
        guard let match = text.wholeMatch(of: /min\((\d+), *channels *\/ *(\d+)\)/), let limit = Int(match.1),
            let size = Int(match.2), limit > 0, size > 0
        else { throw DecodingError.dataCorruptedError(in: value, debugDescription: "neither a number nor min(…)") }
        self = .atMost(limit, channelsPerGroup: size)
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .fixed(let count): try value.encode(count)
        case .atMost(let limit, let size): try value.encode("min(\(limit), channels / \(size))")
        }
    }
}

extension Weights {
    /// The shape of a convolution's kernel, [outputs, inputs, height, width].
    func kernelShape(_ name: String) throws(WeightsError) -> [Int] {
        let shape = try self.shape(name)
        guard shape.count == 4 else {
            throw .file(path: path, problem: "has a tensor \(name) of shape \(shape), where 4 sizes belong")
        }
        return shape
    }
}
