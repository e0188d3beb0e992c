import EngineKit
import Torch

/// The latent before the first step.
struct StartLatent {
    /// [1, width, h, w]: vectors of the codebook.
    let z: Tensor
    /// What was chosen, for the log.
    let note: String?

    /// - Parameter size: in pixels, whole latent cells.
    static func make(
        _ start: StartPicture,
        size: PictureSize,
        seed: UInt64,
        models: ModelPair,
        prompts: [Prompt],
        embedder: inout PromptEmbedder
    ) throws -> StartLatent {
        switch start {
        case .codes: StartLatent(z: try codes(size, seed, models.vqgan, models.device), note: nil)
        case .noise: try encoded(noise(size, seed), models, note: nil)
        case .smooth: try encoded(smooth(size, seed), models, note: nil)
        case .gradient: try encoded(gradient(size, seed), models, note: nil)
        case .image(let path):
            try encoded(
                PictureTensor.read(path, covering: size, device: models.device),
                models,
                note: "started from \(path)"
            )
        case .sketch: try sketch(size, seed, models, prompts, &embedder)
        }
    }

    /// The nearest codes of an encoded picture [1, 3, H, W] in 0…1.
    static func encoded(_ picture: Tensor, _ models: ModelPair, note: String?) throws -> StartLatent {
        let vqgan = models.vqgan
        let z = try withoutGradient {
            let encoded = try vqgan.encode(picture.converted(on: models.device))
            return try vqgan.embed(codes: vqgan.nearestCodes(encoded))
        }
        return StartLatent(z: z, note: note)
    }

    private static func codes(
        _ size: PictureSize,
        _ seed: UInt64,
        _ vqgan: VQGAN,
        _ device: Device
    ) throws(TorchError) -> Tensor {
        let (rows, columns) = (size.height / vqgan.cellSize, size.width / vqgan.cellSize)
        var random = CounterRandom(seed: seed, step: 0, purpose: .startCodes)
        let count = UInt64(vqgan.codebook.shape[0])
        let indices = (0..<rows * columns).map { _ in Int64(random.next() % count) }
        return try withoutGradient { () throws(TorchError) in
            try vqgan.embed(codes: Tensor(indices, shape: [1, rows, columns]).converted(on: device))
        }
    }

    private static func noise(_ size: PictureSize, _ seed: UInt64) throws(TorchError) -> Tensor {
        var random = CounterRandom(seed: seed, step: 0, purpose: .startPicture)
        return try Tensor.uniform([1, 3, size.height, size.width], seed: random.next())
    }

    /// Blobs of about a quarter of the side with a little fine noise.
    private static func smooth(_ size: PictureSize, _ seed: UInt64) throws(TorchError) -> Tensor {
        var random = CounterRandom(seed: seed, step: 0, purpose: .startPicture)
        let (height, width) = (size.height, size.width)
        let shorter = Double(min(height, width))
        let rows = max(4, Int((4 * Double(height) / shorter).rounded()))
        let columns = max(4, Int((4 * Double(width) / shorter).rounded()))
        let coarse = try Tensor.normal([1, 3, rows, columns], seed: random.next()) * 0.35
        let blobs = try coarse.resizedBicubic(height: height, width: width, antialias: false).clamped(-1, 1)
        let fine = try Tensor.normal([1, 3, height, width], seed: random.next()) * 0.08
        return try ((blobs + fine).clamped(-1, 1) + 1) / 2
    }

    /// A straight gradient between two random colours in a random direction.
    private static func gradient(_ size: PictureSize, _ seed: UInt64) throws(TorchError) -> Tensor {
        var random = CounterRandom(seed: seed, step: 0, purpose: .startPicture)
        let angle = random.uniform(0, 2 * .pi)
        let (dx, dy) = (Double.cos(angle), Double.sin(angle))
        let from = (0..<3).map { _ in random.uniform() }
        let to = (0..<3).map { _ in random.uniform() }
        var values: [Float] = []
        values.reserveCapacity(3 * size.width * size.height)
        let reach = abs(dx) + abs(dy)
        for channel in 0..<3 {
            for row in 0..<size.height {
                for column in 0..<size.width {
                    let x = 2 * (Double(column) + 0.5) / Double(size.width) - 1
                    let y = 2 * (Double(row) + 0.5) / Double(size.height) - 1
                    let share = ((x * dx + y * dy) / reach + 1) / 2
                    values.append(Float(from[channel] + (to[channel] - from[channel]) * share))
                }
            }
        }
        return try Tensor(values, shape: [1, 3, size.height, size.width])
    }

    /// The sketchbook's entry that fits the prompts best, or an object of it in a scene of it; at another size than its
    /// own it is scaled as a picture.
    private static func sketch(
        _ size: PictureSize,
        _ seed: UInt64,
        _ models: ModelPair,
        _ prompts: [Prompt],
        _ embedder: inout PromptEmbedder
    ) throws -> StartLatent {
        let texts = prompts.enumerated().compactMap { index, prompt -> (text: String, weight: Double)? in
            guard case .text(let text) = prompt.content, prompt.weight > 0, prompts.audible[index] else { return nil }
            return (text, prompt.weight)
        }
        guard let (sketchbook, clip) = models.sketches, !texts.isEmpty else {
            let reason = models.sketches == nil ? "this model has no sketchbook" : "there is no text to sketch"
            return try encoded(smooth(size, seed), models, note: "\(reason): started from soft colours")
        }
        return try withoutGradient {
            let features = try clip.textFeatures(of: texts.map(\.text)).features.normalized()
            switch try sketchbook.plan(texts: texts, textFeatures: features, seed: seed) {
            case .one(let choice):
                return try drawn(choice, size, models)
            case .blend(let object, let scene, let above):
                let pictures = try [object, scene].map { try picture($0, models) }
                let blend = try SketchBlend.blended(object: pictures[0], scene: pictures[1], above: above)
                guard let blend else { return try drawn(scene, size, models) }
                let note = "sketches: \(object.caption), put into \(scene.caption)"
                return try encoded(covering(blend, size), models, note: note)
            }
        }
    }

    private static func drawn(_ choice: SketchChoice, _ size: PictureSize, _ models: ModelPair) throws -> StartLatent {
        let (note, vqgan) = ("sketch: \(choice.caption)", models.vqgan)
        let grid = PictureSize(choice.codes.shape[2] * vqgan.cellSize, choice.codes.shape[1] * vqgan.cellSize)
        if grid == size {
            return StartLatent(z: try vqgan.embed(codes: choice.codes.converted(on: models.device)), note: note)
        }
        return try encoded(covering(picture(choice, models), size), models, note: note)
    }

    /// [1, 3, H, W] in 0…1, on the CPU.
    private static func picture(_ choice: SketchChoice, _ models: ModelPair) throws -> Tensor {
        let vqgan = models.vqgan
        return try vqgan.picture(vqgan.embed(codes: choice.codes.converted(on: models.device))).converted(on: .cpu)
    }

    /// Scales a picture to cover the size and crops its centre.
    private static func covering(_ picture: Tensor, _ size: PictureSize) throws(TorchError) -> Tensor {
        let (height, width) = (picture.shape[2], picture.shape[3])
        let scale = max(Double(size.height) / Double(height), Double(size.width) / Double(width))
        let rows = max(size.height, Int((Double(height) * scale).rounded()))
        let columns = max(size.width, Int((Double(width) * scale).rounded()))
        let scaled = try picture.resizedBicubic(height: rows, width: columns, antialias: true).clamped(0, 1)
        let cropped = try scaled.slice(2, from: (rows - size.height) / 2, length: size.height)
        return try cropped.slice(3, from: (columns - size.width) / 2, length: size.width).contiguous()
    }
}
