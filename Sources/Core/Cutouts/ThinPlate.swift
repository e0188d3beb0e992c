import Torch

/// A smooth warp that moves the corners and the centre of the square by random amounts (thin-plate spline).
struct ThinPlate: Equatable {
    private static let anchors = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0), (0.0, 0.0)]

    /// Five kernel weights, then constant, x and y, for each of the two coordinates.
    private let x: [Double]
    private let y: [Double]

    /// - Parameter scale: how far a point may move, in halves of the side.
    init(scale: Double, _ random: inout CounterRandom) {
        let moved = Self.anchors.map { ($0.0 + random.uniform(-scale, scale), $0.1 + random.uniform(-scale, scale)) }
        x = Self.coefficients(moved.map(\.0))
        y = Self.coefficients(moved.map(\.1))
    }

    /// The spline through the anchors' values. These anchors never make the system singular.
    private static func coefficients(_ values: [Double]) -> [Double] {
        var rows: [[Double]] = []
        for (index, anchor) in anchors.enumerated() {
            let kernels = anchors.map { kernel($0.0 - anchor.0, $0.1 - anchor.1) }
            rows.append(kernels + [1, anchor.0, anchor.1, values[index]])
        }
        for row in 0..<3 {
            let sides = anchors.map { row == 0 ? 1 : row == 1 ? $0.0 : $0.1 }
            rows.append(sides + [0, 0, 0, 0])
        }
        return solveLinearSystem(rows) ?? [0, 0, 0, 0, 0, 0, 0, 0]
    }

    private static func kernel(_ dx: Double, _ dy: Double) -> Double {
        let squared = dx * dx + dy * dy
        return squared < 1e-12 ? 0 : squared * Double.log(squared)
    }

    /// Warps points [R · R, 3] of (x, y, 1).
    func callAsFunction(_ points: Tensor) throws(TorchError) -> Tensor {
        let (px, py) = (try points.slice(1, from: 0, length: 1), try points.slice(1, from: 1, length: 1))
        var columns: [Tensor] = []
        for anchor in Self.anchors {
            let dx = try px - anchor.0
            let dy = try py - anchor.1
            let squared = try (dx.squared() + dy.squared()).maximum(1e-12)
            columns.append(try squared * squared.logarithm())
        }
        columns.append(try Tensor.full(1, shape: px.shape, device: px.device))
        columns += [px, py]
        let table: [Float] = (0..<8).flatMap { (row: Int) -> [Float] in [Float(x[row]), Float(y[row]), 0] }
        let matrix = try Tensor(table, shape: [8, 3]).converted(on: px.device)
        let warped = try Tensor.concatenate(columns, 1).matmul(matrix)
        let lastColumn: [Float] = [0, 0, 1]
        let one = try Tensor(lastColumn, shape: [1, 3]).converted(on: px.device)
        return try warped + one
    }
}
