import Torch

/// The half of a CLIP that looks at pictures: [N, 3, R, R], scaled as the tower was trained, → [N, embedding], not
/// normalised.
protocol ImageTower {
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor
    /// The maps [N, C, h, w] on the way, from fine to coarse.
    func stages(_ x: Tensor) throws(TorchError) -> [Tensor]
    /// The rest of the way from the last of the ``stages(_:)``.
    func features(ofLastStage stage: Tensor) throws(TorchError) -> Tensor
}

extension CLIPConfiguration {
    /// Builds the image tower below `visual`.
    func makeImageTower(_ w: Weights) throws(WeightsError) -> any ImageTower {
        switch vision.kind {
        case .transformer: try VisionTransformer(w, self)
        case .resNet: try ModifiedResNet(w, self)
        case .convnet: try ImageConvnet(w, self)
        }
    }
}

/// Maps pictures in 0…1 to what an image tower was trained on.
struct PictureScaling {
    /// Per colour, [1, 3, 1, 1].
    private let factor: Tensor
    private let offset: Tensor

    /// - Parameter range: what 0…1 becomes; `nil` stands for the mean and deviation of OpenAI's training pictures.
    init(range: [Double]?, device: Device) throws(TorchError) {
        if let range, range.count == 2 {
            factor = try Tensor.full(range[1] - range[0], shape: [1, 3, 1, 1], device: device)
            offset = try Tensor.full(range[0], shape: [1, 3, 1, 1], device: device)
        } else {
            let mean: [Float] = [0.48145466, 0.4578275, 0.40821073]
            let deviation: [Float] = [0.26862954, 0.26130258, 0.27577711]
            factor = try Tensor(deviation.map { 1 / $0 }, shape: [1, 3, 1, 1]).converted(on: device)
            offset = try Tensor(zip(mean, deviation).map { -$0 / $1 }, shape: [1, 3, 1, 1]).converted(on: device)
        }
    }

    func callAsFunction(_ picture: Tensor) throws(TorchError) -> Tensor { try picture * factor + offset }
}

/// OpenAI CLIP's `AttentionPool2d`: [N, C, h, w] → [N, embedding]. The mean of all cells asks, the mean and all cells
/// answer.
struct AttentionPool {
    private let positionalEmbedding: Tensor
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let heads: Int

    /// - Parameter side: cells along each side of the pooled grid.
    init(_ w: Weights, width: Int, side: Int, heads: Int, outputs: Int) throws(WeightsError) {
        guard heads > 0, width % heads == 0 else {
            throw .file(
                path: w.path,
                problem: "has an attention pool of width \(width), which \(heads) heads cannot share"
            )
        }
        positionalEmbedding = try w.tensor("positional_embedding", [side * side + 1, width])
        query = try Linear(w / "q_proj", width, width)
        key = try Linear(w / "k_proj", width, width)
        value = try Linear(w / "v_proj", width, width)
        output = try Linear(w / "c_proj", width, outputs)
        self.heads = heads
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let shape = x.shape
        let cells = try x.reshaped([shape[0], shape[1], shape[2] * shape[3]]).transposed(1, 2)
        let tokens = try Tensor.concatenate([cells.mean(1, keep: true), cells], 1) + positionalEmbedding
        /// [N, T, C] → [N, heads, T, C / heads].
        func split(_ x: Tensor) throws(TorchError) -> Tensor {
            try x.reshaped([shape[0], -1, heads, shape[1] / heads]).transposed(1, 2)
        }
        let first = try tokens.slice(1, from: 0, length: 1)
        let mixed = try split(query(first)).attention(key: split(key(tokens)), value: split(value(tokens)))
        return try output(mixed.reshaped([shape[0], shape[1]]))
    }
}
