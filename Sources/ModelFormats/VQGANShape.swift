/// The architecture of a VQGAN of taming-transformers, as its tensors show it.
public struct VQGANShape: Sendable, Hashable, Codable {
    /// Number of codes and width of a code vector.
    public var codes: Int
    public var codeWidth: Int
    /// Channels between the networks and the 1×1 convolutions around the codebook.
    public var zChannels: Int
    /// Whether the encoder gives twice the channels, as a mean and a variance.
    public var doubleZ: Bool
    /// Channels of full resolution, and their multiples per level.
    public var channels: Int
    public var multipliers: [Int]
    /// Residual blocks per level of the encoder; the decoder has one more.
    public var blocks: Int
    /// Levels with attention, 0 for full resolution.
    public var attentionLevels: [Int]
    /// Whether there is attention at the lowest resolution, in the middle of both networks.
    public var hasMiddleAttention: Bool
    /// Side of the pixel blocks that the decoder's last convolution gives at once; 1 in taming.
    public var patchSize: Int
    /// Whether it is a GumbelVQ, which scores its codes instead of looking for the nearest.
    public var isGumbel: Bool
    /// Whether the encoder is there, without which nothing but codes can be decoded.
    public var hasEncoder: Bool

    /// Pixels per latent cell and side, the f of a model's name.
    public var cellSize: Int { patchSize << (multipliers.count - 1) }

    private enum CodingKeys: String, CodingKey {
        case codes
        case codeWidth = "code_width"
        case zChannels = "z_channels"
        case doubleZ = "double_z"
        case channels
        case multipliers
        case blocks
        case attentionLevels = "attention_levels"
        case hasMiddleAttention = "middle_attention"
        case patchSize = "patch_size"
        case isGumbel = "gumbel"
        case hasEncoder = "encoder"
    }

    /// Reads the architecture off a decoder and a codebook, and off the encoder where there is one.
    /// - Throws: ``ModelFormatError`` when this is no VQGAN.
    public init(_ shapes: TensorShapes) throws(ModelFormatError) {
        let (decoder, encoder, quantize) = (shapes / "decoder", shapes / "encoder", shapes / "quantize")
        isGumbel = (quantize / "embed").has("weight")
        let codebook = try (quantize / (isGumbel ? "embed" : "embedding")).matrix("weight")
        (codes, codeWidth) = (codebook[0], codebook[1])
        zChannels = try (decoder / "conv_in").kernel("weight")[1]
        let outputs = try (decoder / "conv_out").kernel("weight")[0]
        patchSize = Self.side(of: outputs / 3)
        guard outputs == 3 * patchSize * patchSize else {
            throw .unsupported("paints pictures of \(outputs) channels, not of red, green and blue")
        }
        hasEncoder = (encoder / "conv_in").has("weight")
        if hasEncoder {
            let encoded = try (encoder / "conv_out").kernel("weight")[0]
            doubleZ = encoded == 2 * zChannels
        } else {
            doubleZ = false
        }
        let levels = (decoder / "up").childCount
        guard (1...16).contains(levels) else { throw .missing("decoder.up.0.block.0.conv1.weight") }
        var widths: [Int] = []
        attentionLevels = []
        for level in 0..<levels {
            let place = decoder / "up" / level
            widths.append(try (place / "block" / 0 / "conv1").kernel("weight")[0])
            if !(place / "attn").isEmpty { attentionLevels.append(level) }
        }
        let widest = widths.reduce(0, Self.greatestCommonDivisor)
        let first = hasEncoder ? try (encoder / "conv_in").kernel("weight")[0] : widths[0]
        let unit = widest.isMultiple(of: first) ? first : widest
        channels = unit
        multipliers = widths.map { $0 / unit }
        blocks = max(1, (decoder / "up" / 0 / "block").childCount - 1)
        hasMiddleAttention = !(decoder / "mid" / "attn_1").isEmpty
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }

    /// The side of a square of so many cells.
    static func side(of cells: Int) -> Int { Int(Double(max(0, cells)).squareRoot().rounded()) }
}
