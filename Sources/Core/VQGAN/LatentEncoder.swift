import Torch

/// The half of a VQGAN that turns pictures into what the codebook is asked with, read from its file when it is first
/// needed: most runs need none.
final class LatentEncoder {
    private struct Networks {
        let encoder: PictureEncoder
        let quantConv: Conv2d
        /// GumbelVQ's scores of the codes, [N, zChannels, h, w] → [N, codes, h, w].
        let scores: Conv2d?

        init(_ w: Weights, _ configuration: VQGANConfiguration, hasScores: Bool) throws(WeightsError) {
            let networks = configuration.ddconfig
            encoder = try PictureEncoder(w / "encoder", networks)
            let encoded = networks.zChannels * (networks.doubleZ ? 2 : 1)
            let projected = hasScores ? try (w / "quant_conv").kernelShape("weight")[0] : configuration.embedDim
            quantConv = try Conv2d(w / "quant_conv", encoded, projected, kernel: 1)
            scores = hasScores ? try Conv2d(w / "quantize" / "proj", projected, configuration.nEmbed, kernel: 1) : nil
        }
    }

    /// Whether it is a GumbelVQ's, which scores its codes itself.
    let hasScores: Bool
    private let weights: Weights
    private let configuration: VQGANConfiguration
    private var networks: Networks?

    /// - Parameters:
    ///   - w: the model's root.
    ///   - isLate: whether the weights are only checked for now.
    init(_ w: Weights, _ configuration: VQGANConfiguration, isLate: Bool) throws(WeightsError) {
        hasScores = (w / "quantize" / "proj").has("weight")
        weights = w
        self.configuration = configuration
        if isLate {
            _ = try Networks(w.trial, configuration, hasScores: hasScores)
        } else {
            networks = try Networks(w, configuration, hasScores: hasScores)
        }
    }

    private func loaded() throws(WeightsError) -> Networks {
        if let networks { return networks }
        let networks = try Networks(weights, configuration, hasScores: hasScores)
        self.networks = networks
        return networks
    }

    /// - Parameter image: [N, 3, H, W] in 0…1.
    /// - Returns: [N, width, h, w], or with a GumbelVQ what its scores are computed from.
    func callAsFunction(_ image: Tensor) throws -> Tensor {
        let networks = try loaded()
        return try networks.quantConv(networks.encoder(image * 2 - 1))
    }

    /// A GumbelVQ's codes with the best scores [N, h, w]; `nil` where the nearest code counts.
    func bestCodes(_ encoded: Tensor) throws -> Tensor? {
        try hasScores ? loaded().scores?(encoded).argmax(1) : nil
    }
}
