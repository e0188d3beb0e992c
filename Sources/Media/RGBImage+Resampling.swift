import Glibc

extension RGBImage {
    /// The picture at another size, stretched if the aspect ratio differs.
    ///
    /// Separable Lanczos-3, widened when it shrinks so that nothing aliases; results are rounded and clamped to 0…255,
    /// samples beyond an edge repeat no pixel: the weights of those inside are scaled up instead.
    /// - Parameter size: Pixels, each from 1 to ``maximumSide``: a programmer's error otherwise.
    public func resized(to size: (width: Int, height: Int)) -> RGBImage {
        resampled(Span(0, Double(width)), Span(0, Double(height)), width: size.width, height: size.height)
    }

    /// The centre of the picture in the aspect ratio of the new size, scaled to it: no bars, nothing stretched.
    /// - Parameters:
    ///   - width: Pixels, from 1 to ``maximumSide``: a programmer's error otherwise.
    ///   - height: Likewise.
    public func coverCropped(width newWidth: Int, height newHeight: Int) -> RGBImage {
        let scale = max(Double(newWidth) / Double(width), Double(newHeight) / Double(height))
        let spanWidth = min(Double(width), Double(newWidth) / scale)
        let spanHeight = min(Double(height), Double(newHeight) / scale)
        return resampled(
            Span((Double(width) - spanWidth) / 2, spanWidth),
            Span((Double(height) - spanHeight) / 2, spanHeight),
            width: newWidth,
            height: newHeight
        )
    }

    private func resampled(_ columns: Span, _ rows: Span, width newWidth: Int, height newHeight: Int) -> RGBImage {
        let sides = 1...Self.maximumSide
        precondition(sides.contains(newWidth) && sides.contains(newHeight), "a size from 1 to \(Self.maximumSide)")
        if newWidth == width, newHeight == height, columns.isWhole, rows.isWhole { return self }
        let horizontal = LanczosWeights(from: columns, limit: width, to: newWidth)
        let vertical = LanczosWeights(from: rows, limit: height, to: newHeight)
        // Only the rows that the second pass will read.
        let needed = vertical.range
        let narrowed = narrow(rows: needed, horizontal)
        let bytes = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight * 3) { buffer, filled in
            var sums = [Float](repeating: 0, count: newWidth * 3)
            for y in 0..<newHeight {
                vertical.sumRows(narrowed, into: &sums, of: y, firstRow: needed.lowerBound)
                for sum in sums {
                    buffer[filled] = UInt8(min(max(sum + 0.5, 0), 255))
                    filled += 1
                }
            }
        }
        return RGBImage(unchecked: bytes, width: newWidth, height: newHeight)
    }

    /// The first pass: each row at its new width.
    private func narrow(rows: Range<Int>, _ weights: LanczosWeights) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows.count * weights.count * 3) { buffer, filled in
            pixels.withUnsafeBufferPointer { source in
                for y in rows {
                    for x in 0..<weights.count {
                        var red: Float = 0
                        var green: Float = 0
                        var blue: Float = 0
                        var position = 3 * (y * width + weights.firsts[x])
                        weights.forEach(of: x) { weight in
                            red += weight * Float(source[position])
                            green += weight * Float(source[position + 1])
                            blue += weight * Float(source[position + 2])
                            position += 3
                        }
                        buffer[filled] = red
                        buffer[filled + 1] = green
                        buffer[filled + 2] = blue
                        filled += 3
                    }
                }
            }
        }
    }
}

/// A part of a side of a picture, in pixels.
private struct Span {
    let start: Double
    let length: Double
    /// Whether it begins and ends between pixels, so that at scale 1 nothing needs computing.
    var isWhole: Bool { start == 0 && length == length.rounded() }

    init(_ start: Double, _ length: Double) {
        self.start = start
        self.length = length
    }
}

/// For each new sample along one side, the old samples it is made of and their weights, which add up to 1.
private struct LanczosWeights {
    /// Index of the first old sample, per new sample.
    private(set) var firsts: [Int] = []
    /// Where the weights of each new sample begin in `weights`, and a last entry with their end.
    private var offsets: [Int] = [0]
    private var weights: [Float] = []

    /// New samples.
    var count: Int { firsts.count }

    /// The old samples used at all.
    var range: Range<Int> {
        var upper = 0
        for index in firsts.indices { upper = max(upper, firsts[index] + offsets[index + 1] - offsets[index]) }
        return (firsts.min() ?? 0)..<upper
    }

    /// - Parameters:
    ///   - limit: Old samples.
    ///   - target: New samples, spread evenly over the span.
    init(from span: Span, limit: Int, to target: Int) {
        let step = span.length / Double(target)
        let widening = max(step, 1)
        let reach = 3 * widening
        for index in 0..<target {
            let centre = span.start + (Double(index) + 0.5) * step
            // Sample i lies at i + 0.5; the one nearest to the centre is always among those in reach.
            let first = max(0, Int((centre - reach - 0.5).rounded(.up)))
            let end = min(limit, Int((centre + reach + 0.5).rounded(.down)))
            let row = (first..<end).map { Self.lanczos3((Double($0) + 0.5 - centre) / widening) }
            let total = row.reduce(0, +)
            firsts.append(first)
            weights += row.map { Float($0 / total) }
            offsets.append(weights.count)
        }
    }

    @inline(__always)
    func forEach(of index: Int, _ body: (Float) -> Void) {
        weights.withUnsafeBufferPointer { weights in
            for position in offsets[index]..<offsets[index + 1] { body(weights[position]) }
        }
    }

    /// The second pass: the weighted sum of whole rows.
    func sumRows(_ rows: [Float], into sums: inout [Float], of index: Int, firstRow: Int) {
        let stride = sums.count
        sums.withUnsafeMutableBufferPointer { sums in
            rows.withUnsafeBufferPointer { rows in
                sums.update(repeating: 0)
                var start = (firsts[index] - firstRow) * stride
                forEach(of: index) { weight in
                    for column in 0..<stride { sums[column] += weight * rows[start + column] }
                    start += stride
                }
            }
        }
    }

    /// sinc(x) · sinc(x / 3) within 3 of the centre, where sinc(x) = sin(πx) / πx.
    private static func lanczos3(_ x: Double) -> Double {
        guard x != 0 else { return 1 }
        guard abs(x) < 3 else { return 0 }
        let angle = Double.pi * x
        return 3 * sin(angle) * sin(angle / 3) / (angle * angle)
    }
}
