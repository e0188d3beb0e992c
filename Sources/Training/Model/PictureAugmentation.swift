import Core
import Torch

/// Random changes of pictures that leave what is on them as it is: another frame, turn, slant, side, light and sharpness,
/// and noise, which makes the gradient of what was learned smooth.
struct PictureAugmentation {
    /// The smallest part of a picture's side that stays.
    var leastScale = 0.6
    /// The greatest deviation of the noise, of which every picture gets another share; pictures are 0…1.
    var noise = 0.25

    /// One picture's geometry and light.
    private struct Draw {
        /// Where a pixel comes from, in -1…1: two rows of x, y, 1.
        var matrix: [Float]
        var gain: Float
        var offset: Float
        var isBlurred: Float
        var noise: Float
    }

    /// - Parameters:
    ///   - pictures: [N, 3, H, W] in 0…1.
    ///   - size: side of the result in pixels.
    ///   - index: tells draws of one step apart.
    /// - Returns: [N, 3, size, size]; noise may leave 0…1.
    func callAsFunction(
        _ pictures: Tensor,
        size: Int,
        seed: UInt64,
        step: Int,
        purpose: RandomPurpose,
        index: Int = 0
    ) throws(TorchError) -> Tensor {
        let (count, device) = (pictures.shape[0], pictures.device)
        var random = CounterRandom(seed: seed, step: step, purpose: purpose, index: index)
        let draws = (0..<count).map { _ in draw(&random) }
        func column(_ values: [Float]) throws(TorchError) -> Tensor {
            try Tensor(values, shape: [count, 1, 1, 1]).converted(on: device)
        }
        let matrices = try Tensor(draws.flatMap(\.matrix), shape: [count, 2, 3]).converted(on: device)
        let grid = try Self.places(size, device).matmul(matrices.transposed(1, 2)).reshaped([count, size, size, 2])
        var x = try pictures.sampled(at: grid, outside: .reflection)
        x = try (x * column(draws.map(\.gain)) + column(draws.map(\.offset))).clamped(0, 1)
        let blurred = try x.padded([1, 1, 1, 1], .reflect).boxBlurred()
        x = try x + (blurred - x) * column(draws.map(\.isBlurred))
        let grain = try Tensor.normal(x.shape, seed: random.next()).converted(on: device)
        return try (x + grain * column(draws.map(\.noise))).contiguous(channelsLast: true)
    }

    private func draw(_ random: inout CounterRandom) -> Draw {
        let scale = random.uniform(leastScale, 1.05)
        let aspect = random.uniform(0.9, 1.1)
        let side: Double = random.chance(0.5) ? -1 : 1
        let angle = random.normal() * 0.08
        let shear = random.normal() * 0.06
        let room = max(0.03, 1 - scale)
        let (x, y) = (random.uniform(-room, room), random.uniform(-room, room))
        let (cosine, sine) = (1 - angle * angle / 2, angle)
        let matrix = [
            scale * aspect * cosine * side, -scale * sine + shear, x,
            scale * sine * side, scale / aspect * cosine, y,
        ]
        let gain = random.uniform(0.8, 1.15)
        // Around mid grey, so that gain does not darken.
        let offset = (1 - gain) / 2 + random.uniform(-0.06, 0.06)
        let isBlurred: Float = random.chance(0.25) ? 1 : 0
        let strength = random.uniform() * noise
        return Draw(
            matrix: matrix.map(Float.init),
            gain: Float(gain),
            offset: Float(offset),
            isBlurred: isBlurred,
            noise: random.chance(0.85) ? Float(strength) : 0
        )
    }

    /// The pixels' centres as rows of x, y, 1 in -1…1: [1, size², 3].
    private static func places(_ size: Int, _ device: Device) throws(TorchError) -> Tensor {
        var values: [Float] = []
        for row in 0..<size {
            for column in 0..<size {
                values.append((Float(column) + 0.5) * 2 / Float(size) - 1)
                values.append((Float(row) + 0.5) * 2 / Float(size) - 1)
                values.append(1)
            }
        }
        return try Tensor(values, shape: [1, size * size, 3]).converted(on: device)
    }
}

extension Tensor {
    /// The mean of every 3 × 3 square: [N, C, H, W] → [N, C, H - 2, W - 2].
    fileprivate func boxBlurred() throws(TorchError) -> Tensor {
        let channels = shape[1]
        let kernel = try Tensor.full(1.0 / 9, shape: [channels, 1, 3, 3], device: device)
        return try conv2d(kernel, groups: channels)
    }
}
