import Core
import Torch

/// A codebook that follows the vectors assigned to its codes ("Neural Discrete Representation Learning", van den Oord et
/// al., 2017, appendix A.1): each code is the moving average of the encoder's outputs that are nearest to it.
final class TrainableCodebook {
    /// [codes, width]; the model's own tensor, changed in place.
    let vectors: Tensor
    /// Moving average of how many outputs a code gets in a step, [codes].
    private(set) var sizes: Tensor
    /// Moving average of their sum, [codes, width].
    private(set) var sums: Tensor

    /// Codes that get less than this per step are started anew.
    private static let leastSize = 0.05
    /// Distances that are held at once.
    private static let distanceLimit = 1 << 24

    init(vectors: Tensor) throws(TorchError) {
        self.vectors = vectors
        sizes = try Tensor.full(1, shape: [vectors.shape[0]], device: vectors.device)
        sums = try vectors.cloned()
    }

    var count: Int { vectors.shape[0] }
    var state: [String: Tensor] { ["sizes": sizes, "sums": sums] }

    func restore(sizes: Tensor, sums: Tensor) throws(TorchError) {
        try self.sizes.assign(sizes)
        try self.sums.assign(sums)
    }

    /// The codes nearest to cells [M, width]: [M] int64.
    func nearest(_ cells: Tensor) throws(TorchError) -> Tensor { try Self.nearest(cells, vectors) }

    private static func nearest(_ cells: Tensor, _ vectors: Tensor) throws(TorchError) -> Tensor {
        try withoutGradient { () throws(TorchError) -> Tensor in
            let norms = try vectors.squared().sum(1)
            let twice = try (vectors * -2).transposed(0, 1)
            let portion = max(1, distanceLimit / vectors.shape[0])
            var codes: [Tensor] = []
            for start in stride(from: 0, to: cells.shape[0], by: portion) {
                let some = try cells.slice(0, from: start, length: min(portion, cells.shape[0] - start))
                codes.append(try (some.matmul(twice) + norms).argmin(1))
            }
            return try Tensor.concatenate(codes)
        }
    }

    /// Moves the codes towards what was assigned to them.
    /// - Parameters:
    ///   - cells: [M, width] of the encoder's outputs.
    ///   - codes: [M], their nearest codes.
    ///   - restarts: draws the cells from which codes that are never used start anew; `nil` leaves them.
    func update(
        _ cells: Tensor,
        _ codes: Tensor,
        decay: Double,
        restarts: CounterRandom?
    ) throws(TorchError) {
        try withoutGradient { () throws(TorchError) in
            let (found, total) = try Self.assigned(cells, codes, count)
            try sizes.move(towards: found, by: 1 - decay)
            try sums.move(towards: total, by: 1 - decay)
            if var random = restarts { try restart(from: cells, &random) }
            try vectors.assign(sums / sizes.maximum(1e-3).reshaped([count, 1]))
        }
    }

    private static func assigned(
        _ cells: Tensor,
        _ codes: Tensor,
        _ count: Int
    ) throws(TorchError) -> (sizes: Tensor, sums: Tensor) {
        let ones = try Tensor.full(1, shape: [cells.shape[0], 1], device: cells.device)
        return (
            try ones.summed(intoRows: codes, of: count).reshaped([count]),
            try cells.summed(intoRows: codes, of: count)
        )
    }

    private func restart(from cells: Tensor, _ random: inout CounterRandom) throws(TorchError) {
        let dead = try sizes.floats().map { Double($0) < Self.leastSize }
        guard dead.contains(true) else { return }
        let picks = dead.map { $0 ? Int64.random(in: 0..<Int64(cells.shape[0]), using: &random) : 0 }
        let fresh = try cells.selecting(0, Tensor(picks, shape: [count]).converted(on: cells.device))
        let mask = try Tensor(dead.map { $0 ? Float(1) : 0 }, shape: [count]).converted(on: cells.device).greater(0.5)
        // Little weight, so that a code soon follows what it gets.
        let weight = 0.3
        let start = try Tensor.full(weight, shape: [count], device: cells.device)
        try sums.assign(Tensor.select(mask.reshaped([count, 1]), then: fresh * weight, else: sums))
        try sizes.assign(Tensor.select(mask, then: start, else: sizes))
    }

    /// Starts from cluster centres of cells [M, width], by k-means with random cells in empty clusters.
    func start(from cells: Tensor, iterations: Int = 8, _ random: inout CounterRandom) throws(TorchError) {
        try withoutGradient { () throws(TorchError) in
            let total = cells.shape[0]
            func pick() throws(TorchError) -> Tensor {
                let picks = (0..<count).map { _ in Int64.random(in: 0..<Int64(total), using: &random) }
                return try cells.selecting(0, Tensor(picks, shape: [count]).converted(on: cells.device))
            }
            // Distinct cells while there are enough of them.
            let order = (0..<total).shuffled(using: &random)
            let first = (0..<count).map { Int64(order[$0 % total]) }
            var centres = try cells.selecting(0, Tensor(first, shape: [count]).converted(on: cells.device))
            for _ in 0..<iterations {
                let (sizes, sums) = try Self.assigned(cells, Self.nearest(cells, centres), count)
                let column = try sizes.reshaped([count, 1])
                centres = try Tensor.select(column.greater(0.5), then: sums / column.maximum(1), else: pick())
            }
            try vectors.assign(centres)
            try sums.assign(centres)
            try sizes.assign(Tensor.full(1, shape: [count], device: cells.device))
        }
    }
}
