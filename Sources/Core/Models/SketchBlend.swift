import Torch

/// Puts the object of one sketch into the scene of another, as one would with scissors and glue.
enum SketchBlend {
    /// How far a colour may be from the ground's, per channel of 0…1, and still be ground: the VQGAN's ripples are less.
    private static let tolerance: Float = 0.12
    /// The object's longer side in the scene, as a share of the scene's shorter side.
    private static let size = 0.62
    /// Less than this share of the picture is no object, and more than that is no ground.
    private static let sensible = 0.02...0.9

    /// What was cut out: [4, height, width], the colours times the coverage, then the coverage.
    private struct Cutting {
        let planes: [Float]
        let height: Int
        let width: Int
    }

    /// - Parameters:
    ///   - object: [1, 3, H, W] in 0…1, on ground of one colour that reaches the edges.
    ///   - scene: [1, 3, H, W] in 0…1, of any size.
    ///   - above: whether the object is in the air; otherwise it stands in the foreground.
    /// - Returns: a picture of the scene's size, or nil where the object cannot be told from its ground.
    static func blended(object: Tensor, scene: Tensor, above: Bool) throws(TorchError) -> Tensor? {
        let (rows, columns) = (scene.shape[2], scene.shape[3])
        guard let cut = cutting(try object.floats(), height: object.shape[2], width: object.shape[3]) else {
            return nil
        }
        let scale = size * Double(min(rows, columns)) / Double(max(cut.height, cut.width))
        let height = max(1, Int((Double(cut.height) * scale).rounded()))
        let width = max(1, Int((Double(cut.width) * scale).rounded()))
        let piece = try Tensor(cut.planes, shape: [1, 4, cut.height, cut.width])
            .resizedBicubic(height: height, width: width, antialias: true).clamped(0, 1).floats()
        var picture = try scene.floats()
        // The dark of a scene falls on what is put into it.
        let mean = picture.reduce(0, +) / Float(max(1, picture.count))
        let light = min(1, max(0.45, 0.4 + 0.9 * mean))
        let top = above ? Int(0.33 * Double(rows)) - height / 2 : Int(0.94 * Double(rows)) - height
        let left = (columns - width) / 2
        for row in 0..<height where (0..<rows).contains(top + row) {
            for column in 0..<width where (0..<columns).contains(left + column) {
                let from = row * width + column
                let to = (top + row) * columns + left + column
                let coverage = piece[3 * height * width + from]
                for channel in 0..<3 {
                    let place = channel * rows * columns + to
                    let colour = min(coverage, piece[channel * height * width + from]) * light
                    picture[place] = picture[place] * (1 - coverage) + colour
                }
            }
        }
        return try Tensor(picture, shape: [1, 3, rows, columns])
    }

    /// Cuts out what the ground, seen from the edges, does not reach.
    private static func cutting(_ picture: [Float], height: Int, width: Int) -> Cutting? {
        let inside = softened(outline(picture, height: height, width: width), height: height, width: width)
        let share = Double(inside.reduce(0, +)) / Double(height * width)
        guard sensible.contains(share) else { return nil }
        let rows = (0..<height).filter { row in (0..<width).contains { inside[row * width + $0] > 0.1 } }
        let columns = (0..<width).filter { column in (0..<height).contains { inside[$0 * width + column] > 0.1 } }
        guard let top = rows.first, let bottom = rows.last, let left = columns.first, let right = columns.last else {
            return nil
        }
        var planes: [Float] = []
        planes.reserveCapacity(4 * (bottom - top + 1) * (right - left + 1))
        for plane in 0..<4 {
            for row in top...bottom {
                for column in left...right {
                    let place = row * width + column
                    planes.append(inside[place] * (plane < 3 ? picture[plane * height * width + place] : 1))
                }
            }
        }
        return Cutting(planes: planes, height: bottom - top + 1, width: right - left + 1)
    }

    /// 1 inside, 0 on the ground: a flood from the edges over whatever has the colour that the edges have on average.
    private static func outline(_ picture: [Float], height: Int, width: Int) -> [Float] {
        let count = height * width
        let edge = (0..<count).filter { place in
            let (row, column) = (place / width, place % width)
            return row == 0 || column == 0 || row == height - 1 || column == width - 1
        }
        let ground = (0..<3).map { channel in
            edge.reduce(Float(0)) { $0 + picture[channel * count + $1] } / Float(max(1, edge.count))
        }
        func isGround(_ place: Int) -> Bool {
            (0..<3).allSatisfy { abs(picture[$0 * count + place] - ground[$0]) < tolerance }
        }
        var inside = [Float](repeating: 1, count: count)
        var waiting = edge.filter(isGround)
        for place in waiting { inside[place] = 0 }
        while let place = waiting.popLast() {
            let (row, column) = (place / width, place % width)
            for (dy, dx) in [(-1, 0), (1, 0), (0, -1), (0, 1)] {
                let (y, x) = (row + dy, column + dx)
                guard (0..<height).contains(y), (0..<width).contains(x) else { continue }
                let next = y * width + x
                if inside[next] == 1, isGround(next) {
                    inside[next] = 0
                    waiting.append(next)
                }
            }
        }
        return inside
    }

    /// The mean over 3 × 3 pixels, beyond the edges of those at the edge.
    private static func softened(_ mask: [Float], height: Int, width: Int) -> [Float] {
        (0..<height * width).map { place in
            var sum: Float = 0
            for dy in -1...1 {
                for dx in -1...1 {
                    let row = min(max(place / width + dy, 0), height - 1)
                    let column = min(max(place % width + dx, 0), width - 1)
                    sum += mask[row * width + column]
                }
            }
            return sum / 9
        }
    }
}
