import EngineKit
package import Torch

/// A picture as a grid of codes, after "Taming Transformers for High-Resolution Image Synthesis" (Esser, Rombach and
/// Ommer, 2021); the layers are those of taming-transformers' `VQModel` and `GumbelVQ`.
///
/// N is the number of pictures, H and W their sides in pixels, h and w those in latent cells; `width` is the length of
/// a code vector.
package struct VQGAN {
    package let configuration: VQGANConfiguration
    /// [codes, width] float32.
    package let codebook: Tensor
    /// The least and the greatest value of each channel over the codebook, [1, width, 1, 1].
    let codebookMinimum: Tensor
    let codebookMaximum: Tensor

    /// `nil` where the weights have no encoder.
    private let encoder: LatentEncoder?
    private let decoder: PictureDecoder
    private let postQuantConv: Conv2d
    /// [width, codes] and [codes]: -2 · e and ‖e‖² of the code vectors, for the distances.
    private let negatedTwice: Tensor
    private let squaredNorms: Tensor

    /// Distances that are held at once.
    private static let distanceLimit = 1 << 24

    /// - Parameter readsEncoderLate: whether the encoder's weights are read when a picture is first encoded; they are
    ///   checked at once.
    /// - Throws: ``WeightsError`` that names the tensor which is missing or of another shape.
    package init(
        _ w: Weights,
        configuration: VQGANConfiguration,
        readsEncoderLate: Bool = false
    ) throws(WeightsError) {
        let networks = configuration.ddconfig
        self.configuration = configuration
        let hasEncoder = w.isTrained || !(w / "encoder").isEmpty
        encoder = hasEncoder ? try LatentEncoder(w, configuration, isLate: readsEncoderLate) : nil
        decoder = try PictureDecoder(w / "decoder", networks)
        postQuantConv = try Conv2d(w / "post_quant_conv", configuration.embedDim, networks.zChannels, kernel: 1)
        let codebook = try (w / "quantize" / Self.codebookName(w))
            .tensor("weight", [configuration.nEmbed, configuration.embedDim])
        self.codebook = codebook
        do {
            let shape = [1, configuration.embedDim, 1, 1]
            codebookMinimum = try codebook.minimum(over: 0).reshaped(shape)
            codebookMaximum = try codebook.maximum(over: 0).reshaped(shape)
            negatedTwice = try (codebook * -2).transposed(0, 1).contiguous()
            squaredNorms = try codebook.squared().sum(1)
        } catch {
            throw .torch(error)
        }
    }

    /// `embedding` in a `VQModel`, `embed` in a `GumbelVQ`.
    static func codebookName(_ w: Weights) -> String {
        (w / "quantize" / "embed").has("weight") ? "embed" : "embedding"
    }

    /// Pixels per latent cell and side.
    package var cellSize: Int { configuration.cellSize }

    /// A picture as a point of the latent space.
    /// - Parameter image: [N, 3, H, W] in 0…1, H and W multiples of ``cellSize``.
    /// - Returns: [N, width, H / cell, W / cell], before the lookup; from a GumbelVQ, which has no such point, the
    ///   vectors of the codes with the best scores.
    /// - Throws: ``EngineFailure`` where there is no encoder, ``WeightsError`` when it cannot be read, or ``TorchError``.
    package func encode(_ image: Tensor) throws -> Tensor {
        let encoder = try usableEncoder()
        let encoded = try encoder(image)
        return try encoder.hasScores ? embed(codes: codes(ofEncoded: encoded)) : encoded
    }

    /// Whether it is a GumbelVQ, which scores its codes instead of taking the nearest.
    package var hasScores: Bool { encoder?.hasScores ?? false }

    /// The codes [N, h, w] that the model itself gives to its encoder's output: the nearest, or a GumbelVQ's best.
    package func codes(ofEncoded encoded: Tensor) throws -> Tensor {
        try encoder?.bestCodes(encoded) ?? nearestCodes(encoded)
    }

    /// The encoder's own output for [N, 3, H, W] in 0…1: [N, width, h, w], or with a GumbelVQ what its scores are
    /// computed from.
    package func encoderOutput(_ image: Tensor) throws -> Tensor { try usableEncoder()(image) }

    private func usableEncoder() throws(EngineFailure) -> LatentEncoder {
        guard let encoder else {
            throw EngineFailure(
                .model,
                "this VQGAN has no encoder, which turns pictures into codes",
                hint: "start from codes, or choose a file that has one"
            )
        }
        return encoder
    }

    /// The codes whose vectors are nearest to the cells of [N, width, h, w]: [N, h, w] int64.
    ///
    /// Uses ‖z - e‖² = ‖z‖² - 2 z·e + ‖e‖² without its first term, for some cells at a time, so that memory stays within
    /// bounds for large pictures and codebooks.
    func nearestCodes(_ z: Tensor) throws(TorchError) -> Tensor {
        try withoutGradient { () throws(TorchError) -> Tensor in
            let shape = z.shape
            guard shape.count == 4, shape[1] == configuration.embedDim else {
                throw TorchError(
                    .argument,
                    operation: "nearestCodes",
                    message: "expected [N, \(configuration.embedDim), h, w], not \(shape)"
                )
            }
            let cells = try z.permuted(0, 2, 3, 1).reshaped([-1, shape[1]])
            let count = shape[0] * shape[2] * shape[3]
            let portion = max(1, Self.distanceLimit / configuration.nEmbed)
            var codes: [Tensor] = []
            for start in stride(from: 0, to: count, by: portion) {
                let some = try cells.slice(0, from: start, length: min(portion, count - start))
                codes.append(try (some.matmul(negatedTwice) + squaredNorms).argmin(1))
            }
            return try Tensor.concatenate(codes).reshaped([shape[0], shape[2], shape[3]])
        }
    }

    /// The vectors of codes [N, h, w] int64: [N, width, h, w].
    package func embed(codes: Tensor) throws(TorchError) -> Tensor { try codebook.rows(codes).permuted(0, 3, 1, 2) }

    /// The nearest code vectors to [N, width, h, w]; backward, the identity (the straight-through estimator).
    func quantize(_ z: Tensor) throws(TorchError) -> Tensor { try embed(codes: nearestCodes(z)).withGradient(to: z) }

    /// The picture of code vectors [N, width, h, w]: [N, 3, H, W] in about -1…1.
    package func decode(_ q: Tensor, recomputedLevels: Int = 0) throws(TorchError) -> Tensor {
        try decoder(postQuantConv(q), recomputedLevels: recomputedLevels)
    }

    /// The picture of a point of the latent space [N, width, h, w]: [N, 3, H, W] in 0…1, with a gradient that lets
    /// clipped pixels come back.
    /// - Parameter recomputedLevels: how many levels of the decoder, from the highest resolution down, keep less for
    ///   backward.
    package func picture(_ z: Tensor, recomputedLevels: Int = 0) throws(TorchError) -> Tensor {
        try ((decode(quantize(z), recomputedLevels: recomputedLevels) + 1) / 2).clampedKeepingGradient(0, 1)
    }
}
