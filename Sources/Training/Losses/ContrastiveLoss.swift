import Torch

/// What a CLIP is trained on.
enum ContrastiveLoss {
    /// The symmetric cross-entropy of telling which text belongs to which picture ("Learning Transferable Visual Models
    /// From Natural Language Supervision", figure 3). Pictures of the same text share it as their target.
    /// - Parameters:
    ///   - images: [N, E], each row of length 1.
    ///   - texts: [N, E], each row of length 1.
    ///   - scale: what similarities are multiplied with; one element.
    ///   - targets: [N, N], each row adding up to 1: what share of a text each picture has. Symmetric.
    ///   - negatives: pictures [M, E] that belong to no text, each row of length 1.
    static func symmetric(
        images: Tensor,
        texts: Tensor,
        scale: Tensor,
        targets: Tensor,
        negatives: Tensor? = nil
    ) throws(TorchError) -> Tensor {
        let count = images.shape[0]
        let similar = try texts.matmul(images.transposed(0, 1)) * scale
        var candidates = similar
        if let negatives {
            let others = try texts.matmul(negatives.transposed(0, 1)) * scale
            candidates = try Tensor.concatenate([similar, others], 1)
        }
        let ofTexts = try candidates.logSoftmax(1).slice(1, from: 0, length: count)
        let ofImages = try similar.transposed(0, 1).logSoftmax(1)
        return try -((ofTexts + ofImages) * targets).sum() / Double(2 * count)
    }

    /// The targets of a batch: [N, N], 1 / (number of pictures with the same text) where the texts are the same.
    static func targets(_ texts: [String]) throws(TorchError) -> Tensor {
        var counts: [String: Int] = [:]
        for text in texts { counts[text, default: 0] += 1 }
        var values = [Float](repeating: 0, count: texts.count * texts.count)
        for (row, text) in texts.enumerated() {
            let share = 1 / Float(counts[text] ?? 1)
            for (column, other) in texts.enumerated() where other == text { values[row * texts.count + column] = share }
        }
        return try Tensor(values, shape: [texts.count, texts.count])
    }

    /// The cross-entropy of predicting the words of a picture's caption.
    /// - Parameters:
    ///   - scores: [N, words].
    ///   - shares: [N, words], each row adding up to 1, or zero where a caption has none of the words.
    static func words(_ scores: Tensor, _ shares: Tensor) throws(TorchError) -> Tensor {
        try -(scores.logSoftmax(1) * shares).sum() / Double(scores.shape[0])
    }
}
