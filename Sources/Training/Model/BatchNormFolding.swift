import Torch

/// Takes batch normalisation into the convolution before it, once its statistics are fixed.
enum BatchNormFolding {
    private static let suffix = "_bn.running_var"
    private static let epsilon = 1e-5

    /// For every `conv` with a `conv_bn`: a kernel scaled by γ / √(variance + ε) and the bias β − mean · γ / √(…).
    static func folded(_ tensors: [String: Tensor]) throws(TorchError) -> [String: Tensor] {
        var result = tensors
        for key in tensors.keys where key.hasSuffix(suffix) {
            let name = String(key.dropLast(suffix.count))
            guard let kernel = tensors["\(name).weight"], let gamma = tensors["\(name)_bn.weight"],
                let beta = tensors["\(name)_bn.bias"], let mean = tensors["\(name)_bn.running_mean"],
                let variance = tensors[key]
            else { continue }
            let factor = try gamma.detached() / (variance + epsilon).squareRoot()
            result["\(name).weight"] = try kernel.detached() * factor.reshaped([factor.shape[0], 1, 1, 1])
            result["\(name).bias"] = try beta.detached() - mean * factor
            for part in ["weight", "bias", "running_mean", "running_var"] { result["\(name)_bn.\(part)"] = nil }
        }
        return result
    }
}
