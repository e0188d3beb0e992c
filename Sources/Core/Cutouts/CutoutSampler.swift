import EngineKit
import Torch

/// Takes cutouts out of a picture: once per step it prepares what all of them share, then it samples any range of plans.
///
/// Geometry is one homography per cutout and one batched bilinear sample. Crops that shrink are taken from a copy of the
/// picture that was averaged down by the nearest power of two, so that little aliases.
struct CutoutSampler {
    let recipe: CutoutRecipe
    /// Side of a cutout in pixels.
    let resolution: Int

    /// Samples per cutout pixel and side before averaging.
    private var oversampling: Int { recipe.source == .overview ? 2 : 1 }

    // MARK: What all cutouts share

    /// The pictures that plans of this step sample from: index 0 for the pooled picture or the picture itself, index n
    /// for the picture averaged down by 2ⁿ.
    /// - Parameter picture: [1, 3, H, W] in 0…1.
    func sources(of picture: Tensor, plans: [CutoutPlan]) throws(TorchError) -> [Tensor] {
        if case .pooled = recipe.source {
            let average = try picture.adaptiveAveragePooled(height: resolution, width: resolution)
            let maximum = try picture.adaptiveMaxPooled(height: resolution, width: resolution)
            return [try (average + maximum) / 2]
        }
        let highest = plans.map(level(of:)).max() ?? 0
        var sources = [picture]
        while sources.count <= highest, let last = sources.last { sources.append(try last.averagePooled(2)) }
        return sources
    }

    /// Which source a plan samples from.
    private func level(of plan: CutoutPlan) -> Int {
        if case .pooled = recipe.source { return 0 }
        return max(0, Int((Double.log2(plan.reduction / Double(oversampling)) + 0.5).rounded(.down)))
    }

    // MARK: Sampling

    /// The cutouts of some plans: [plans, 3, R, R], in 0…1 but for the noise and the overview's contrast.
    func cutouts(
        of plans: ArraySlice<CutoutPlan>,
        from sources: [Tensor],
        colorOrder: [Int]
    ) throws(TorchError) -> Tensor {
        let plans = Array(plans)
        var x = try sampled(plans, sources)
        x = try jittered(x, plans, colorOrder)
        x = try sharpened(x, plans)
        x = try erased(x, plans)
        return try noisy(x, plans)
    }

    private func sampled(_ plans: [CutoutPlan], _ sources: [Tensor]) throws(TorchError) -> Tensor {
        let levels = plans.map { min(level(of: $0), sources.count - 1) }
        var parts: [Tensor] = []
        var order: [Int] = []
        for level in Set(levels).sorted() {
            let members = plans.indices.filter { levels[$0] == level }
            parts.append(try sampled(members.map { plans[$0] }, from: sources[level]))
            order += members
        }
        if parts.count == 1 { return parts[0] }
        var position = [Int64](repeating: 0, count: plans.count)
        for (place, member) in order.enumerated() { position[member] = Int64(place) }
        let index = try Tensor(position, shape: [plans.count]).converted(on: parts[0].device)
        return try Tensor.concatenate(parts).selecting(0, index)
    }

    private func sampled(_ plans: [CutoutPlan], from source: Tensor) throws(TorchError) -> Tensor {
        let side = resolution * oversampling
        let device = source.device
        let points = try outputPoints(plans, side: side, device: device)
        let matrices = plans.flatMap { $0.homography.m.map(Float.init) }
        let projected = try project(points, matrices, plans.count, device)
        let grid = try projected.reshaped([plans.count, side, side, 2])
        let batch = try source.expanded([plans.count] + source.shape.dropFirst())
        var x = try batch.sampled(at: grid, outside: recipe.outside)
        if let mask = try gateMask(plans, points, side: side, device) { x = try x * mask }
        return oversampling > 1 ? try x.averagePooled(oversampling) : x
    }

    /// [1 or plans, side², 3] of (x, y, 1): where the output's pixels lie, after the warps that are not projective.
    private func outputPoints(_ plans: [CutoutPlan], side: Int, device: Device) throws(TorchError) -> Tensor {
        let centers = (0..<side).map { (2 * Float($0) + 1) / Float(side) - 1 }
        let line = try Tensor(centers, shape: [side]).converted(on: device)
        let columns = try line.reshaped([1, side, 1]).expanded([side, side, 1])
        let rows = try line.reshaped([side, 1, 1]).expanded([side, side, 1])
        let ones = try Tensor.full(1, shape: [side, side, 1], device: device)
        let plain = try Tensor.concatenate([columns, rows, ones], 2).reshaped([side * side, 3])
        let isWarped = plans.contains { $0.thinPlate != nil || $0.elasticSeed != nil }
        guard isWarped else { return try plain.reshaped([1, side * side, 3]) }
        var warped: [Tensor] = []
        for plan in plans {
            var points = plain
            if let thinPlate = plan.thinPlate { points = try thinPlate(points) }
            if let seed = plan.elasticSeed { points = try points + elastic(seed, side: side, device) }
            warped.append(try points.reshaped([1, side * side, 3]))
        }
        return try Tensor.concatenate(warped)
    }

    /// A smooth random displacement [side², 3] whose last column is 0: noise in -1…1, blurred with a wide Gaussian.
    private func elastic(_ seed: UInt64, side: Int, _ device: Device) throws(TorchError) -> Tensor {
        let noise = try Tensor.uniform([2, 1, side, side], seed: seed) * 2 - 1
        let radius = max(1, min(31, side / 2 - 1))
        let taps = (-radius...radius).map { Float(Double.pow(2.718281828459045, -Double($0 * $0) / (2 * 32 * 32))) }
        let total = taps.reduce(0, +)
        let kernel = taps.map { $0 / total }
        let vertical = try Tensor(kernel, shape: [1, 1, kernel.count, 1])
        let padded = try noise.padded([radius, radius, radius, radius], .reflect)
        let blurred = try padded.conv2d(vertical).transposed(2, 3).conv2d(vertical).transposed(2, 3)
        let columns = try blurred.reshaped([2, side * side]).transposed(0, 1)
        return try columns.padded([0, 1]).converted(on: device)
    }

    /// Applies one 3 × 3 matrix per plan and divides: [plans, side², 2].
    private func project(
        _ points: Tensor,
        _ matrices: [Float],
        _ count: Int,
        _ device: Device
    ) throws(TorchError) -> Tensor {
        let table = try Tensor(matrices, shape: [count, 3, 3]).converted(on: device)
        let homogeneous = try points.matmul(table.transposed(1, 2))
        let weight = try homogeneous.slice(2, from: 2, length: 1)
        return try homogeneous.slice(2, from: 0, length: 2) / weight
    }

    /// [plans, 1, side, side] of 1 inside every gate and 0 outside of any; `nil` without gates.
    private func gateMask(
        _ plans: [CutoutPlan],
        _ points: Tensor,
        side: Int,
        _ device: Device
    ) throws(TorchError) -> Tensor? {
        let depth = plans.map(\.gates.count).max() ?? 0
        var mask: Tensor?
        for index in 0..<depth {
            let matrices = plans.flatMap { plan in
                (index < plan.gates.count ? plan.gates[index] : Homography.scaling(0, 0)).m.map(Float.init)
            }
            let places = try project(points, matrices, plans.count, device)
            let inside = try Tensor.full(1, shape: [1], device: device).greaterOrEqual(
                places.absolute().maximum(over: 2)
            ).converted(to: .float32)
            mask = try mask.map { (other) throws(TorchError) in try other * inside } ?? inside
        }
        return try mask?.reshaped([plans.count, 1, side, side])
    }
}
