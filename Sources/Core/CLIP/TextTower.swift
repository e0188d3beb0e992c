import Torch

/// CLIP's causal text transformer: tokens [N, T] int64 → [N, embedding], not normalised.
struct TextTower {
    private let tokenEmbedding: Tensor
    private let positionalEmbedding: Tensor
    private let transformer: Transformer
    private let normFinal: LayerNorm
    private let projection: Tensor
    private let configuration: CLIPConfiguration

    /// - Parameter w: the model's root, where OpenAI's files have the text tower.
    init(_ w: Weights, _ configuration: CLIPConfiguration) throws(WeightsError) {
        let width = configuration.transformerWidth
        self.configuration = configuration
        tokenEmbedding = try (w / "token_embedding").tensor("weight", [configuration.vocabSize, width])
        positionalEmbedding = try w.tensor("positional_embedding", [configuration.contextLength, width])
        transformer = try Transformer(
            w / "transformer",
            width: width,
            heads: configuration.transformerHeads,
            layers: configuration.transformerLayers,
            isCausal: true,
            configuration.activation,
            epsilon: configuration.normEps
        )
        normFinal = try LayerNorm(w / "ln_final", width: width, epsilon: configuration.normEps)
        projection = try w.tensor("text_projection", [width, configuration.embedDim])
    }

    func callAsFunction(_ tokens: Tensor) throws(TorchError) -> Tensor {
        let shape = tokens.shape
        guard shape.count == 2, (1...configuration.contextLength).contains(shape[1]) else {
            throw TorchError(
                .argument,
                operation: "textFeatures",
                message: "expected [N, at most \(configuration.contextLength)] tokens, not \(shape)"
            )
        }
        let places = try positionalEmbedding.slice(0, from: 0, length: shape[1])
        let x = try normFinal(transformer(tokenEmbedding.rows(tokens) + places))
        let rows = try ends(of: tokens).enumerated().map { Int64($0.offset * shape[1]) + $0.element }
        let picked = try Tensor(rows, shape: [shape[0]]).converted(on: x.device)
        return try x.reshaped([shape[0] * shape[1], -1]).selecting(0, picked).matmul(projection)
    }

    /// The place of the end mark in each text.
    private func ends(of tokens: Tensor) throws(TorchError) -> [Int64] {
        let marks =
            configuration.poolsAtGreatestID
            ? tokens : try tokens.equal(Double(configuration.eotID)).converted(to: .int64)
        return try marks.argmax(1).integers()
    }
}
