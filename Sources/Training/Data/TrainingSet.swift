import Core
import EngineKit
import Foundation
import Torch

/// Packed pictures split into those that are learned from and those that progress is measured on.
final class TrainingSet {
    let pictures: PackedPictures
    /// Indices of the pictures that are learned from.
    let training: [Int]
    /// Indices of the pictures that progress is measured on. Of few pictures none is held out, and these are some of the
    /// others.
    let measured: [Int]
    let holdsOut: Bool
    private let seed: UInt64
    /// The order of the last epoch asked for.
    private var order: (epoch: Int, indices: [Int]) = (-1, [])

    /// The least number of pictures of which some are held out, and how many at most.
    private static let leastToHoldOut = 50
    private static let mostMeasured = 1000

    /// - Parameter usable: indices into the packed pictures.
    init(_ pictures: PackedPictures, usable: [Int], seed: UInt64) {
        self.pictures = pictures
        self.seed = seed
        holdsOut = usable.count >= Self.leastToHoldOut
        guard holdsOut else {
            training = usable
            measured = Array(usable.prefix(Self.mostMeasured))
            return
        }
        // By caption, so that none of the captions measured was learned; of all captions the same share.
        let share = UInt64(max(10, min(50, usable.count / Self.mostMeasured)))
        var (training, measured): ([Int], [Int]) = ([], [])
        for index in usable {
            var digest = Digest()
            let file = pictures.index.files[index]
            digest.add(file.captions.first ?? file.path)
            if digest.value >> 8 % share == 0, measured.count < Self.mostMeasured {
                measured.append(index)
            } else {
                training.append(index)
            }
        }
        if measured.isEmpty { measured = [training.removeLast()] }
        self.training = training
        self.measured = measured
    }

    /// Every caption of the pictures that are learned from.
    var captions: [String] { training.flatMap { pictures.index.files[$0].captions } }

    /// The same for the same pictures and captions.
    var digest: UInt64 {
        var digest = Digest()
        for file in pictures.index.files { digest.add("\(file.path) \(file.size) \(file.modified) \(file.captions)") }
        return digest.value
    }

    /// The pictures of a step: every picture once before any comes again, in an order that follows from the seed.
    func indices(step: Int, batch: Int) -> [Int] {
        (step * batch..<(step + 1) * batch).map { number in
            let (epoch, place) = number.quotientAndRemainder(dividingBy: training.count)
            if order.epoch != epoch {
                var random = CounterRandom(seed: seed, step: epoch, purpose: .trainingOrder)
                order = (epoch, training.shuffled(using: &random))
            }
            return order.indices[place]
        }
    }

    /// Whole pictures [N, 3, side, side] in 0…1.
    func whole(_ indices: [Int], device: Device) throws(TorchError) -> Tensor {
        let squares = indices.map { Square(picture: $0, x: 0, y: 0, size: pictures.side, flipped: false) }
        return try tensor(squares, size: pictures.side, device: device)
    }

    /// Random squares [N, 3, size, size] in 0…1, of random scale between pixel for pixel and the whole picture, half of
    /// them mirrored.
    func crops(_ indices: [Int], size: Int, step: Int, device: Device) throws(TorchError) -> Tensor {
        let side = pictures.side
        let middle = (size + side) / 2
        var bySize: [Int: [(place: Int, square: Square)]] = [:]
        for (place, picture) in indices.enumerated() {
            var random = CounterRandom(seed: seed, step: step, purpose: .trainingCrop, index: place)
            let choice = random.uniform()
            let extent = choice < 0.65 ? size : choice < 0.85 ? middle : side
            let x = Int.random(in: 0...(side - extent), using: &random)
            let y = Int.random(in: 0...(side - extent), using: &random)
            let square = Square(picture: picture, x: x, y: y, size: extent, flipped: random.chance(0.5))
            bySize[extent, default: []].append((place, square))
        }
        var parts: [Tensor] = []
        var places: [Int] = []
        for (extent, squares) in bySize.sorted(by: { $0.key < $1.key }) {
            let part = try tensor(squares.map(\.square), size: extent, device: device)
            let isReady = extent == size
            parts.append(
                isReady ? part : try part.resizedBicubic(height: size, width: size, antialias: true).clamped(0, 1)
            )
            places += squares.map(\.place)
        }
        var inverse = [Int64](repeating: 0, count: places.count)
        for (position, place) in places.enumerated() { inverse[place] = Int64(position) }
        let order = try Tensor(inverse, shape: [inverse.count]).converted(on: device)
        return try Tensor.concatenate(parts).selecting(0, order).contiguous(channelsLast: true)
    }

    private struct Square {
        let picture: Int
        let x: Int
        let y: Int
        let size: Int
        let flipped: Bool
    }

    private func tensor(_ squares: [Square], size: Int, device: Device) throws(TorchError) -> Tensor {
        let bytes = size * size * 3
        let pixels = [UInt8](unsafeUninitializedCapacity: squares.count * bytes) { buffer, filled in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            for (place, square) in squares.enumerated() {
                pictures.copy(
                    square.picture,
                    x: square.x,
                    y: square.y,
                    size: size,
                    flipped: square.flipped,
                    to: UnsafeMutableRawBufferPointer(rebasing: raw[place * bytes..<(place + 1) * bytes])
                )
            }
            filled = squares.count * bytes
        }
        let tensor = try pixels.withUnsafeBufferPointer { (buffer) throws(TorchError) in
            try Tensor(bytes: UnsafeRawBufferPointer(buffer), type: .uint8, shape: [squares.count, size, size, 3])
        }
        let colours = try tensor.converted(on: device).converted(to: .float32).permuted(0, 3, 1, 2) / 255
        return try colours.contiguous(channelsLast: true)
    }
}
