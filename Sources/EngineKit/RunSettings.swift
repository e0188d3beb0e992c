/// Width and height of a picture in pixels.
public struct PictureSize: Sendable, Codable, Hashable, CustomStringConvertible {
    public var width: Int
    public var height: Int

    public init(_ width: Int, _ height: Int) {
        self.width = width
        self.height = height
    }

    public var description: String { "\(width)x\(height)" }
}

/// How the latent image is moved along its gradient.
public enum OptimizerKind: String, Sendable, Codable, CaseIterable {
    case adam, adamw, adagrad, adamax, diffgrad, adamp, radam, rmsprop
}

/// How the picture is cut up before CLIP sees it.
public enum CutMethod: String, Sendable, Codable, CaseIterable {
    /// The whole picture, pooled once, with the augmentations below drawn per cut. The classic default.
    case latest
    /// Random square crops, no augmentation, no noise.
    case original
    /// Random square crops with a fixed list of gentle augmentations.
    case updated
    /// Random square crops with the chosen augmentations.
    case nrupdated
    /// The whole picture, pooled once, with a fixed list of strong augmentations.
    case updatedpooling
    /// A few cuts of nearly the whole picture and large crops, gently turned and sheared, averaged down from twice the
    /// resolution. Made for CLIPs of low resolution.
    case overview
}

/// One kind of change made to cutouts, named by its classic two letters.
public enum Augmentation: String, Sendable, Codable, CaseIterable {
    case affine = "Af"
    case perspective = "Pe"
    case jitter = "Ji"
    case erasing = "Er"
    case sharpness = "Sh"
    case noise = "Gn"
    case rotation = "Ro"
    case elastic = "Et"
    case thinPlate = "Ts"
    case crop = "Cr"
    case resizedCrop = "Re"
    case flip = "Hf"
}

/// What the picture is before the first step.
public enum StartPicture: Sendable, Codable, Hashable {
    /// A random code of the codebook in every latent cell.
    case codes
    /// Uniform noise per pixel, encoded.
    case noise
    /// Soft blobs of colour, encoded.
    case smooth
    /// A random gradient of colours, encoded.
    case gradient
    /// The entry of the model's sketchbook that fits the prompts best.
    case sketch
    /// A picture file, resized and encoded.
    case image(path: String)
}

/// How the learning rate changes over a run.
public enum RateSchedule: String, Sendable, Codable, CaseIterable {
    /// The same rate throughout.
    case constant
    /// The full rate for the first half, then a straight line down to 0.15 of it.
    case cooling
}

/// Everything that determines a run besides its prompts.
public struct RunSettings: Sendable, Codable, Hashable {
    /// Picture size in pixels, rounded down to whole latent cells when the run starts.
    public var size = PictureSize(256, 256)
    /// Number of optimisation steps.
    public var steps = 300
    public var seed: UInt64 = 0
    public var optimizer = OptimizerKind.adam
    /// Step size of the optimiser in units of the latent.
    public var learningRate = 0.1
    public var rateSchedule = RateSchedule.constant
    /// Number of cutouts per step.
    public var cuts = 32
    /// Exponent of the crop size's distribution: above 1 favours small crops, below 1 large ones.
    public var cutPower = 1.0
    public var cutMethod = CutMethod.latest
    /// Used by the cut methods `latest` and `nrupdated`. Geometric ones are applied in this order; colour, sharpness,
    /// erasing and noise always follow them, in that order.
    public var augmentations: [Augmentation] = [.affine, .perspective, .jitter, .erasing]
    /// Upper bound of the per-cut factor of Gaussian noise, on the 0…1 pixel scale, at the first step.
    public var noise = 0.1
    /// What it approaches linearly towards the end of the run.
    public var noiseEnd = 0.1
    /// Decay of the exponential moving average of the latent that is displayed and saved; 0 shows the latent itself.
    public var averageDecay = 0.0
    public var start = StartPicture.codes
    /// Cutouts that CLIP sees at once; 0 lets the engine choose. Does not change the result beyond rounding.
    public var microBatch = 0
    /// A preview frame is published after every so many steps.
    public var previewEvery = 1

    public init() {}
}
