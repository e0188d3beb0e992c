import Torch

/// A PatchGAN ("Image-to-Image Translation with Conditional Adversarial Networks", Isola et al., 2017): scores every
/// patch of a picture [N, 3, H, W] in -1…1 as real or generated, [N, 1, H / 8, W / 8]. Group instead of batch
/// normalisation, so that real and generated pictures may come in separate batches.
struct Discriminator {
    private let convolutions: [Conv2d]
    private let norms: [GroupNorm]
    private let last: Conv2d

    /// - Parameter width: channels after the first convolution, a multiple of 8.
    init(_ w: Weights, width: Int) throws(WeightsError) {
        let channels = [3, width, width * 2, width * 4]
        var convolutions: [Conv2d] = []
        var norms: [GroupNorm] = []
        for index in 0..<3 {
            let place = w / "layers" / index
            convolutions.append(
                try Conv2d(place / "conv", channels[index], channels[index + 1], kernel: 4, stride: 2, padding: 1)
            )
            if index > 0 {
                norms.append(try GroupNorm(place / "norm", channels: channels[index + 1], groups: 8, epsilon: 1e-5))
            }
        }
        self.convolutions = convolutions
        self.norms = norms
        last = try Conv2d(w / "last", channels[3], 1, kernel: 3, padding: 1)
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        var h = x
        for (index, convolution) in convolutions.enumerated() {
            h = try convolution(h)
            if index > 0 { h = try norms[index - 1](h) }
            h = try h.maximum(h * 0.2)
        }
        return try last(h)
    }
}
