/// A projective map of the plane, 3 × 3, row-major, on coordinates in which the picture spans -1…1 along both axes.
struct Homography: Equatable {
    var m: [Double]

    static let identity = Homography(m: [1, 0, 0, 0, 1, 0, 0, 0, 1])

    /// First the right map, then the left.
    static func * (a: Homography, b: Homography) -> Homography {
        var product = [Double](repeating: 0, count: 9)
        for row in 0..<3 {
            for column in 0..<3 {
                product[3 * row + column] = (0..<3).reduce(0) { $0 + a.m[3 * row + $1] * b.m[3 * $1 + column] }
            }
        }
        return Homography(m: product)
    }

    func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        let w = m[6] * x + m[7] * y + m[8]
        return ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)
    }

    /// x ↦ scale · x + offset per axis.
    static func scaling(_ sx: Double, _ sy: Double, offset: (x: Double, y: Double) = (0, 0)) -> Homography {
        Homography(m: [sx, 0, offset.x, 0, sy, offset.y, 0, 0, 1])
    }

    static func rotation(_ radians: Double) -> Homography {
        let (c, s) = (Double.cos(radians), Double.sin(radians))
        return Homography(m: [c, -s, 0, s, c, 0, 0, 0, 1])
    }

    /// x ↦ x + tan(angle) · y.
    static func shearX(_ radians: Double) -> Homography {
        Homography(m: [1, Double.tan(radians), 0, 0, 1, 0, 0, 0, 1])
    }

    /// The map that takes four points to four others, of which no three lie on a line; the identity if there is none.
    static func mapping(_ from: [(Double, Double)], to: [(Double, Double)]) -> Homography {
        var rows: [[Double]] = []
        for ((x, y), (u, v)) in zip(from, to) {
            rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
            rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
        }
        guard let solution = solveLinearSystem(rows) else { return .identity }
        return Homography(m: solution + [1])
    }
}

/// Solves a square linear system given as rows of coefficients followed by the right-hand side, by Gaussian elimination
/// with pivoting.
/// - Returns: `nil` for a singular system.
func solveLinearSystem(_ rows: [[Double]]) -> [Double]? {
    var rows = rows
    let n = rows.count
    for column in 0..<n {
        guard let pivot = (column..<n).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
            abs(rows[pivot][column]) > 1e-12
        else { return nil }
        rows.swapAt(column, pivot)
        for row in 0..<n where row != column {
            let factor = rows[row][column] / rows[column][column]
            for k in column...n { rows[row][k] -= factor * rows[column][k] }
        }
    }
    return (0..<n).map { rows[$0][n] / rows[$0][$0] }
}
