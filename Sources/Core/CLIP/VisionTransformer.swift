import Torch

/// OpenAI CLIP's `VisionTransformer` ("An Image is Worth 16x16 Words", Dosovitskiy et al., 2021): [N, 3, R, R] →
/// [N, embedding], read off at a class token.
struct VisionTransformer: ImageTower {
    private let patches: Conv2d
    private let classEmbedding: Tensor
    private let positionalEmbedding: Tensor
    private let normBefore: LayerNorm
    private let transformer: Transformer
    private let normAfter: LayerNorm
    private let projection: Tensor

    init(_ w: Weights, _ configuration: CLIPConfiguration) throws(WeightsError) {
        let vision = configuration.vision
        let (width, patch) = (vision.widths[0], vision.patchSize ?? 32)
        let side = configuration.imageResolution / patch
        patches = try Conv2d(w / "conv1", 3, width, kernel: patch, stride: patch, hasBias: false)
        classEmbedding = try w.tensor("class_embedding", [width])
        positionalEmbedding = try w.tensor("positional_embedding", [side * side + 1, width])
        normBefore = try LayerNorm(w / "ln_pre", width: width, epsilon: configuration.normEps)
        transformer = try Transformer(
            w / "transformer",
            width: width,
            heads: vision.heads,
            layers: vision.layers[0],
            isCausal: false,
            vision.activation,
            epsilon: configuration.normEps
        )
        normAfter = try LayerNorm(w / "ln_post", width: width, epsilon: configuration.normEps)
        projection = try w.tensor("proj", [width, configuration.embedDim])
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try features(ofTokens: transformer(normBefore(tokens(x)), queries: 1))
    }

    /// The tokens as maps [N, width, tokens, 1]: the outputs of every other block from the last backwards.
    func stages(_ x: Tensor) throws(TorchError) -> [Tensor] {
        let outputs = try transformer.outputs(normBefore(tokens(x)))
        var maps: [Tensor] = []
        for index in stride(from: (outputs.count - 1) % 2, to: outputs.count, by: 2) {
            let shape = outputs[index].shape
            maps.append(try outputs[index].transposed(1, 2).reshaped([shape[0], shape[2], shape[1], 1]))
        }
        return maps
    }

    func features(ofLastStage stage: Tensor) throws(TorchError) -> Tensor {
        let shape = stage.shape
        return try features(ofTokens: stage.reshaped([shape[0], shape[1], shape[2]]).transposed(1, 2))
    }

    /// The class token and one token per patch: [N, tokens, width].
    private func tokens(_ x: Tensor) throws(TorchError) -> Tensor {
        let grid = try patches(x)
        let (count, width) = (grid.shape[0], grid.shape[1])
        let cells = try grid.reshaped([count, width, -1]).transposed(1, 2)
        let first = try classEmbedding.reshaped([1, 1, width]).expanded([count, 1, width])
        return try Tensor.concatenate([first, cells], 1) + positionalEmbedding
    }

    private func features(ofTokens h: Tensor) throws(TorchError) -> Tensor {
        let first = try h.slice(1, from: 0, length: 1).reshaped([h.shape[0], h.shape[2]])
        return try normAfter(first).matmul(projection)
    }
}
