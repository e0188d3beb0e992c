import Core
import Foundation
import Torch

/// How unlike two pictures are, in the terms that a VQGAN is trained on. Pictures are [N, 3, H, W]; values are means, so
/// that they do not depend on the size.
enum PictureLosses {
    /// Mean absolute difference.
    static func absolute(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor { try (a - b).absolute().mean() }

    /// Mean absolute difference of the differences between neighbours, across and down: blurred edges cost here what they
    /// save in the absolute difference.
    static func gradient(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        let difference = try a - b
        let (height, width) = (difference.shape[2], difference.shape[3])
        let across =
            try difference.slice(3, from: 1, length: width - 1) - difference.slice(3, from: 0, length: width - 1)
        let down =
            try difference.slice(2, from: 1, length: height - 1) - difference.slice(2, from: 0, length: height - 1)
        return try across.absolute().mean() + down.absolute().mean()
    }

    /// The absolute difference, plus half of that of the gradients at up to three scales and a quarter of the absolute
    /// difference at the lower ones.
    static func pyramid(_ a: Tensor, _ b: Tensor) throws(TorchError) -> (absolute: Tensor, gradient: Tensor) {
        var (x, y) = (a, b)
        var absolute = try Self.absolute(x, y)
        var gradient = try Self.gradient(x, y) * 0.5
        for _ in 1..<3 where min(x.shape[2], x.shape[3]) >= 4 {
            (x, y) = (try x.averagePooled(2), try y.averagePooled(2))
            absolute = try absolute + Self.absolute(x, y) * 0.25
            gradient = try gradient + Self.gradient(x, y) * 0.5
        }
        return (absolute, gradient)
    }

    /// Squared distance of directions of feature maps [N, C, h, w], cell by cell, summed over the maps; after "The
    /// Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (Zhang et al., 2018), without learned weights.
    static func perceptual(_ a: [Tensor], _ b: [Tensor]) throws(TorchError) -> Tensor? {
        var total: Tensor?
        for (x, y) in zip(a, b) {
            let distance = try (direction(x) - direction(y)).squared().sum(1).mean()
            total = try total.map { (sum) throws(TorchError) in try sum + distance } ?? distance
        }
        return total
    }

    /// Divided by its length over the channels.
    private static func direction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x / (x.squared().sum(1, keep: true) + 1e-10).squareRoot()
    }

    /// Peak signal-to-noise ratio of each pair of pictures in 0…1, in dB.
    static func signalToNoise(_ a: Tensor, _ b: Tensor) throws(TorchError) -> [Double] {
        let errors = try (a.clamped(0, 1) - b).squared().mean(1, 2, 3).maximum(1e-10).floats()
        return errors.map { -10 * log10(Double($0)) }
    }
}

/// The two sides of a generative adversarial network with hinge losses ("Geometric GAN", Lim and Ye, 2017), from the
/// scores that the discriminator gives.
enum AdversarialLoss {
    /// For the discriminator: real pictures should score above 1, generated ones below -1.
    static func discriminator(real: Tensor, generated: Tensor) throws(TorchError) -> Tensor {
        try ((1 - real).relu().mean() + (generated + 1).relu().mean()) / 2
    }

    /// For the generator: its pictures should score high.
    static func generator(_ generated: Tensor) throws(TorchError) -> Tensor { try -generated.mean() }

    /// What to multiply the generator's loss with, so that its gradient at the decoder's last layer is as long as that
    /// of the reconstruction ("Taming Transformers", equation 7).
    static func adaptiveWeight(
        reconstruction: Tensor,
        adversarial: Tensor,
        lastLayer: Tensor
    ) throws(TorchError) -> Double {
        let wanted = try reconstruction.gradient(of: lastLayer, keepsGraph: true).norm().item()
        let actual = try adversarial.gradient(of: lastLayer, keepsGraph: true).norm().item()
        return min(wanted / (actual + 1e-4), 1e4)
    }
}

private func - (a: Double, b: Tensor) throws(TorchError) -> Tensor { try -b + a }
