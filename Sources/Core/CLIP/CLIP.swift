import Tokenizers
package import Torch

/// Two towers that map pictures and texts into one space, after "Learning Transferable Visual Models From Natural
/// Language Supervision" (Radford et al., 2021).
package struct CLIP {
    package let configuration: CLIPConfiguration
    let tokenizer: any Tokenizer

    /// What the image tower computes in; its inputs and outputs are float32 whatever it is.
    let precision: ScalarType

    var image: any ImageTower
    /// Makes the text tower, or hands out the one that is kept.
    private let text: () throws(WeightsError) -> TextTower
    private let scaling: PictureScaling
    private let device: Device

    /// Keys of OpenAI's files that no tower needs.
    private static let unneeded = ["logit_scale", "input_resolution", "context_length", "vocab_size"]

    /// - Parameter keepsText: whether the text tower stays in memory; otherwise it is read again from the weights for
    ///   every text.
    /// - Parameter precision: float16 halves the image tower's time and memory on a GPU; normalisations stay in float32.
    ///   The text tower, which works once per prompt, is always float32.
    /// - Throws: ``WeightsError`` that names the tensor which is missing or of another shape.
    init(
        _ w: Weights,
        configuration: CLIPConfiguration,
        tokenizer: any Tokenizer,
        keepsText: Bool = true,
        precision: ScalarType = .float32
    ) throws(WeightsError) {
        self.precision = precision
        self.configuration = configuration
        self.tokenizer = tokenizer
        device = w.device
        // Made in any case, so that a file that lacks something is refused now.
        let tower = try TextTower(w, configuration)
        text =
            keepsText
            ? { () throws(WeightsError) in tower } : { () throws(WeightsError) in try TextTower(w, configuration) }
        image = try configuration.makeImageTower((w / "visual").converted(to: precision))
        do {
            scaling = try PictureScaling(range: configuration.vision.inputRange, device: w.device)
        } catch {
            throw .torch(error)
        }
        for key in Self.unneeded { w.ignore(key) }
    }

    /// Side of a cutout in pixels.
    package var resolution: Int { configuration.imageResolution }

    /// - Parameter cutouts: [N, 3, R, R] in 0…1; noise may go beyond.
    /// - Returns: [N, embedding], not normalised.
    package func imageFeatures(_ cutouts: Tensor) throws(TorchError) -> Tensor {
        let scaled = try scaling(cutouts)
        return precision == .float32
            ? try image(scaled) : try image(scaled.converted(to: precision)).converted(to: .float32)
    }

    /// What the image tower sees on its way, from fine to coarse, each [N, C, h, w]; the last is what
    /// ``imageFeatures(ofLastStage:)`` takes. Only for a tower in float32.
    package func imageStages(_ cutouts: Tensor) throws(TorchError) -> [Tensor] {
        try image.stages(scaling(cutouts))
    }

    /// The rest of ``imageFeatures(_:)``: [N, embedding], not normalised.
    package func imageFeatures(ofLastStage stage: Tensor) throws(TorchError) -> Tensor {
        try image.features(ofLastStage: stage)
    }

    /// - Parameter tokens: [N, context] int64 with start mark, end mark and padding.
    /// - Returns: [N, embedding], not normalised.
    package func textFeatures(_ tokens: Tensor) throws(TorchError) -> Tensor {
        let tower: TextTower
        do {
            tower = try text()
        } catch {
            throw TorchError(.unsupported, operation: "textFeatures", message: error.description)
        }
        return try tower(tokens)
    }

    /// The tokens of texts, cut to the context length and padded to it: [N, context] int64.
    package func tokens(of texts: [String]) throws(TorchError) -> Tensor {
        let ids = texts.flatMap { tokenizer.window($0).ids }
        return try Tensor(ids, shape: [texts.count, configuration.contextLength]).converted(on: device)
    }

    /// The features [N, embedding] of texts, and which of them were too long and lost their ends.
    package func textFeatures(of texts: [String]) throws(TorchError) -> (features: Tensor, truncated: [Bool]) {
        let windows = texts.map(tokenizer.window)
        let ids = windows.flatMap(\.ids)
        let tokens = try Tensor(ids, shape: [texts.count, configuration.contextLength]).converted(on: device)
        let features = try withoutGradient { () throws(TorchError) in try textFeatures(tokens) }
        return (features, windows.map(\.isTruncated))
    }
}
