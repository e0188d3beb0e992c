import EngineKit
import Torch

/// Everything random about one cutout, drawn on the host.
struct CutoutPlan: Equatable {
    /// From the cutout's coordinates to the picture's.
    var homography = Homography.identity
    /// Maps after which a point outside -1…1 shows black: the edges of steps that do not extend the picture.
    var gates: [Homography] = []
    /// How many picture pixels one cutout pixel covers along its side; above 1 the picture is averaged down first.
    var reduction = 1.0
    /// A warp of the cutout's coordinates before the homography; `nil` for none.
    var thinPlate: ThinPlate?
    /// Seed of the elastic displacement; `nil` for none.
    var elasticSeed: UInt64?
    var color = ColorJitter()
    /// 1 leaves the cutout as it is, 0 smooths it fully.
    var sharpness = 1.0
    /// A black rectangle in fractions of the cutout's side, (x, y) its upper left corner; `nil` for none.
    var erased: Box?
    /// Standard deviation of the noise added last, on the 0…1 pixel scale.
    var noise = 0.0
    var noiseSeed: UInt64 = 0

    /// A rectangle, as fractions of the cutout's side.
    struct Box: Equatable {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }
}

/// Shifts of colour; the identity by default.
struct ColorJitter: Equatable {
    /// Added to every channel.
    var brightness = 0.0
    /// Factor of every channel.
    var contrast = 1.0
    /// Factor of the saturation (HSV).
    var saturation = 1.0
    /// Added to the hue, in turns.
    var hue = 0.0

    var isIdentity: Bool { self == ColorJitter() }
}

/// Draws the plans of a step. The draws depend on (seed, step, cut) and the settings, never on micro-batches.
struct CutoutPlanner {
    let recipe: CutoutRecipe
    /// The picture in pixels.
    let size: PictureSize
    /// Side of a cutout in pixels.
    let resolution: Int
    /// Upper bound of the noise's standard deviation.
    let noise: Double

    func plans(seed: UInt64, step: Int, count: Int) -> [CutoutPlan] {
        (0..<count).map { plan(seed: seed, step: step, cut: $0) }
    }

    /// The order in which brightness, contrast, saturation and hue are applied, one for all cutouts of a step.
    static func colorOrder(seed: UInt64, step: Int) -> [Int] {
        var random = CounterRandom(seed: seed, step: step, purpose: .cutColor, index: -1)
        return [0, 1, 2, 3].shuffled(using: &random)
    }

    private func plan(seed: UInt64, step: Int, cut: Int) -> CutoutPlan {
        var geometry = CounterRandom(seed: seed, step: step, purpose: .cutGeometry, index: cut)
        var plan = base(cut, &geometry)
        // A point of the cutout goes back through the steps, last one first.
        var outer = Homography.identity
        for (index, entry) in recipe.steps.enumerated().reversed() {
            // Shared draws come from an index below the cuts', one per step of the recipe.
            let drawIndex = entry.isShared ? -2 - index : cut * 64 + index
            var random = CounterRandom(seed: seed, step: step, purpose: purpose(entry.kind), index: drawIndex)
            guard random.chance(entry.probability) else { continue }
            apply(entry.kind, &random, &plan, &outer)
        }
        plan.homography = plan.homography * outer
        if recipe.hasNoise {
            var random = CounterRandom(seed: seed, step: step, purpose: .cutNoise, index: cut)
            plan.noise = max(plan.noise, random.uniform(0, noise))
            plan.noiseSeed = random.next()
        }
        return plan
    }

    private func purpose(_ kind: CutoutRecipe.Step.Kind) -> RandomPurpose {
        switch kind {
        case .flip, .affine, .perspective, .resizedCrop: .cutWarp
        case .thinPlate, .elastic: .cutWarp
        case .jitter, .sharpness, .noise: .cutColor
        case .erasing: .cutErasing
        }
    }

    // MARK: Where the cutout is taken

    private func base(_ cut: Int, _ random: inout CounterRandom) -> CutoutPlan {
        switch recipe.source {
        case .pooled: CutoutPlan()
        case .crops(let power): crop(power, &random)
        case .overview: view(cut, &random)
        }
    }

    /// A square of ⌊U^power · (longest − shortest) + shortest⌋ pixels at a uniform place.
    private func crop(_ power: Double, _ random: inout CounterRandom) -> CutoutPlan {
        let (width, height) = (Double(size.width), Double(size.height))
        let longest = min(width, height)
        let shortest = min(longest, Double(resolution))
        let side = (Double.pow(random.uniform(), power) * (longest - shortest) + shortest).rounded(.down)
        let x = (random.uniform() * (width - side + 1)).rounded(.down)
        let y = (random.uniform() * (height - side + 1)).rounded(.down)
        var plan = CutoutPlan()
        let center = (x: (2 * x + side) / width - 1, y: (2 * y + side) / height - 1)
        plan.homography = .scaling(side / width, side / height, offset: center)
        plan.reduction = side / Double(resolution)
        return plan
    }

    private func view(_ cut: Int, _ random: inout CounterRandom) -> CutoutPlan {
        let isWhole = cut < 2
        let shorter = Double(min(size.width, size.height))
        let scale = isWhole ? random.uniform(0.95, 1.02) : 0.55 + 0.45 * Double.pow(random.uniform(), 0.7)
        let extent =
            isWhole
            ? (x: scale, y: scale)
            : (x: scale * shorter / Double(size.width), y: scale * shorter / Double(size.height))
        let offset = (
            x: random.uniform(-1, 1) * max(0, 1 - extent.x), y: random.uniform(-1, 1) * max(0, 1 - extent.y)
        )
        let turn = Homography.rotation(0.08 * random.normal())
        let shear = Homography(m: [1, 0.08 * random.normal(), 0, 0, 1, 0, 0, 0, 1])
        let mirror = Homography.scaling(random.chance(0.5) ? -1 : 1, 1)
        var plan = CutoutPlan()
        plan.homography = .scaling(extent.x, extent.y, offset: offset) * shear * turn * mirror
        plan.reduction = scale * shorter / Double(resolution)
        plan.color.contrast = random.uniform(0.9, 1.1)
        // Contrast about middle grey, and brightness of ±0.03.
        plan.color.brightness = (1 - plan.color.contrast) / 2 + random.uniform(-0.03, 0.03)
        return plan
    }

    // MARK: What is done to it

    private func apply(
        _ kind: CutoutRecipe.Step.Kind,
        _ random: inout CounterRandom,
        _ plan: inout CutoutPlan,
        _ outer: inout Homography
    ) {
        switch kind {
        case .flip: outer = .scaling(-1, 1) * outer
        case .affine(let degrees, let shift, let shear, let outside):
            let turn = random.uniform(-degrees, degrees) * .pi / 180
            // The classic tools' scalar shift moves vertically only.
            let offset = (x: 0.0, y: 2 * random.uniform(-shift, shift))
            let slant = random.uniform(-shear, shear) * .pi / 180
            outer = .shearX(slant) * .rotation(turn) * .scaling(1, 1, offset: offset) * outer
            if outside == .zeros { plan.gates.append(outer) }
        case .perspective(let distortion):
            outer = perspective(distortion, &random) * outer
            plan.gates.append(outer)
        case .resizedCrop(let area):
            outer = resizedCrop(area, &random, &plan) * outer
        case .thinPlate(let scale): plan.thinPlate = ThinPlate(scale: scale, &random)
        case .elastic: plan.elasticSeed = random.next()
        case .jitter(let brightness, let contrast, let saturation, let hue):
            plan.color.brightness = random.uniform(-brightness, brightness)
            plan.color.contrast = random.uniform(1 - contrast, 1 + contrast)
            plan.color.saturation = random.uniform(1 - saturation, 1 + saturation)
            plan.color.hue = random.uniform(-hue, hue)
        case .sharpness(let upTo): plan.sharpness = random.uniform(0, upTo)
        case .erasing(let area): plan.erased = erased(area, &random)
        case .noise: plan.noise = 1
        }
    }

    /// Each corner moves inwards by up to `distortion` of half the side.
    private func perspective(_ distortion: Double, _ random: inout CounterRandom) -> Homography {
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]
        let moved = corners.map { corner in
            (corner.0 * (1 - random.uniform(0, distortion)), corner.1 * (1 - random.uniform(0, distortion)))
        }
        return .mapping(moved, to: corners)
    }

    private func resizedCrop(
        _ area: ClosedRange<Double>,
        _ random: inout CounterRandom,
        _ plan: inout CutoutPlan
    ) -> Homography {
        let share = random.uniform(area.lowerBound, area.upperBound)
        let ratio = Double.pow(4 / 3, random.uniform(-1, 1))
        let width = min(1, (share * ratio).squareRoot())
        let height = min(1, (share / ratio).squareRoot())
        plan.reduction *= max(width, height)
        let offset = (x: random.uniform(-1, 1) * (1 - width), y: random.uniform(-1, 1) * (1 - height))
        return .scaling(width, height, offset: offset)
    }

    private func erased(
        _ area: ClosedRange<Double>,
        _ random: inout CounterRandom
    ) -> CutoutPlan.Box {
        let share = random.uniform(area.lowerBound, area.upperBound)
        let ratio = random.chance(0.5) ? random.uniform(0.3, 1) : random.uniform(1, 1 / 0.3)
        let (width, height) = (min(1, (share / ratio).squareRoot()), min(1, (share * ratio).squareRoot()))
        return CutoutPlan.Box(
            x: random.uniform() * (1 - width),
            y: random.uniform() * (1 - height),
            width: width,
            height: height
        )
    }
}
