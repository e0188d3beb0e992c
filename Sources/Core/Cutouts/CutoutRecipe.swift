import EngineKit
import Torch

/// How one cut method turns a picture into cutouts: where they are taken, and what is done to them.
struct CutoutRecipe: Equatable {
    enum Source: Equatable {
        /// The whole picture, (average + maximum)/2-pooled to the cutout's size once, and used for every cutout.
        case pooled
        /// Square crops between the cutout's own size and the whole shorter side.
        case crops(power: Double)
        /// Some views of nearly everything, the others of 0.55…1 of the shorter side, turned, sheared and mirrored.
        case overview
    }

    /// One augmentation with its parameters and the chance that a cutout gets it.
    struct Step: Equatable {
        enum Kind: Equatable {
            case flip
            /// Degrees and shear in degrees, uniform both ways; `shift` is a fraction of the height.
            case affine(degrees: Double, shift: Double, shear: Double, outside: OutsidePicture)
            /// How far corners may move inwards, as a fraction of half the side.
            case perspective(Double)
            case resizedCrop(area: ClosedRange<Double>)
            case thinPlate(Double)
            case elastic
            case jitter(brightness: Double, contrast: Double, saturation: Double, hue: Double)
            case sharpness(Double)
            case erasing(area: ClosedRange<Double>)
            case noise
        }

        let kind: Kind
        let probability: Double
        /// One draw for all cutouts of a step.
        var isShared = false
    }

    let source: Source
    let steps: [Step]
    /// What a cutout shows beyond the picture, unless a step says otherwise.
    let outside: OutsidePicture
    let hasNoise: Bool

    init(_ settings: RunSettings) {
        let crops = Source.crops(power: settings.cutPower)
        switch settings.cutMethod {
        case .original:
            self.init(crops, [], .border, hasNoise: false)
        case .updated:
            let jitter = Step.Kind.jitter(brightness: 0, contrast: 0, saturation: 0.01, hue: 0.01)
            let steps = [
                Step(kind: .flip, probability: 0.5),
                Step(kind: jitter, probability: 0.7),
                Step(kind: .sharpness(0.3), probability: 0.4),
                Step(kind: .affine(degrees: 30, shift: 0.1, shear: 0, outside: .border), probability: 0.8),
                Step(kind: .perspective(0.2), probability: 0.4),
            ]
            self.init(crops, steps, .border, hasNoise: true)
        case .nrupdated:
            let steps = settings.augmentations.map { Self.step($0, degrees: 30, perspective: 0.5) }
            self.init(crops, steps, .border, hasNoise: true)
        case .updatedpooling:
            let jitter = Step.Kind.jitter(brightness: 0, contrast: 0, saturation: 0.1, hue: 0.1)
            let steps = [
                Step(kind: .affine(degrees: 15, shift: 0.1, shear: 0, outside: .border), probability: 0.7),
                Step(kind: .perspective(0.7), probability: 0.7),
                Step(kind: jitter, probability: 0.7),
                Self.erasing,
            ]
            self.init(.pooled, steps, .border, hasNoise: true)
        case .latest:
            let steps = settings.augmentations.map { Self.step($0, degrees: 15, perspective: 0.7) }
            self.init(.pooled, steps, .border, hasNoise: true)
        case .overview:
            self.init(.overview, [], .reflection, hasNoise: true)
        }
    }

    private init(_ source: Source, _ steps: [Step], _ outside: OutsidePicture, hasNoise: Bool) {
        self.source = source
        self.steps = steps
        self.outside = outside
        self.hasNoise = hasNoise
    }

    private static let erasing = Step(kind: .erasing(area: 0.1...0.4), probability: 0.7, isShared: true)

    /// The classic parameters of an augmentation that the user has chosen.
    private static func step(_ augmentation: Augmentation, degrees: Double, perspective: Double) -> Step {
        switch augmentation {
        case .affine:
            return Step(kind: .affine(degrees: degrees, shift: 0.1, shear: 5, outside: .zeros), probability: 0.7)
        case .perspective: return Step(kind: .perspective(perspective), probability: 0.7)
        case .jitter:
            let jitter = Step.Kind.jitter(brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1)
            return Step(kind: jitter, probability: 0.7)
        case .erasing: return erasing
        case .sharpness: return Step(kind: .sharpness(0.3), probability: 0.5)
        case .noise: return Step(kind: .noise, probability: 0.5)
        case .rotation:
            return Step(kind: .affine(degrees: 15, shift: 0, shear: 0, outside: .zeros), probability: 0.7)
        case .elastic: return Step(kind: .elastic, probability: 0.7)
        case .thinPlate: return Step(kind: .thinPlate(0.8), probability: 0.7, isShared: true)
        case .crop: return Step(kind: .resizedCrop(area: 0.64...1), probability: 0.5)
        case .resizedCrop: return Step(kind: .resizedCrop(area: 0.1...1), probability: 0.5)
        case .flip: return Step(kind: .flip, probability: 0.5)
        }
    }
}
