public import EngineKit
import Foundation
import Media
public import Torch

/// A VQGAN that turns pictures into codes and codes into pictures.
public struct VQGANCoder {
    /// What became of a picture.
    public struct Reconstruction {
        /// [1, 3, H, W] in 0…1, as all pictures here.
        public let picture: Tensor
        /// [1, h, w] int64.
        public let codes: Tensor
        /// [1, width, h, w], what the encoder made before the lookup.
        public let latent: Tensor
        /// Peak signal-to-noise ratio to the picture in dB, of 8-bit colours; infinite for equal ones.
        public let psnr: Double
        /// Different codes.
        public let codesInUse: Int
    }

    /// Pixels of the longer side that a picture is scaled down to unless a size is asked for.
    private static let usualSide = 512

    /// What the user calls it.
    public let name: String
    private let vqgan: VQGAN
    private let device: Device

    init(name: String, vqgan: VQGAN, device: Device) {
        self.name = name
        self.vqgan = vqgan
        self.device = device
    }

    /// Vectors in the codebook.
    public var codebookSize: Int { vqgan.configuration.nEmbed }
    /// Pixels of a cell's side.
    public var cellSize: Int { vqgan.cellSize }

    /// The size in whole cells at which a picture of the file is encoded: as asked for, else its own, scaled down to 512
    /// pixels at its longer side.
    /// - Throws: ``EngineFailure`` when that is less than a cell or more than memory holds.
    public func size(for path: String, asked: PictureSize?) throws -> PictureSize {
        var size: PictureSize
        if let asked {
            size = asked
        } else {
            let image = try ImageReader.read(path)
            let scale = min(1, Double(Self.usualSide) / Double(max(image.width, image.height)))
            size = PictureSize(Int(Double(image.width) * scale), Int(Double(image.height) * scale))
        }
        size = PictureSize(size.width / cellSize * cellSize, size.height / cellSize * cellSize)
        guard size.width > 0, size.height > 0 else {
            throw EngineFailure(
                .settings,
                "a picture of \(size) is smaller than one latent cell of \(cellSize)x\(cellSize)",
                hint: "use a size of \(cellSize)x\(cellSize) or more"
            )
        }
        try MemoryEstimate.checkDecoding(size, vqgan.configuration, device)
        return size
    }

    /// Encodes a picture, looks its codes up and decodes them.
    /// - Parameter size: whole cells; the picture is scaled to cover it and cropped at its centre.
    public func reconstruct(_ path: String, size: PictureSize) throws -> Reconstruction {
        let original = try PictureTensor.read(path, covering: size, device: device)
        return try withoutGradient {
            let latent = try vqgan.encode(original)
            let codes = try vqgan.nearestCodes(latent)
            let picture = try picture(ofCodes: codes)
            let error = try (Self.quantized(picture) - Self.quantized(original)).squared().mean().item()
            return Reconstruction(
                picture: picture,
                codes: try codes.converted(on: .cpu),
                latent: try latent.converted(on: .cpu),
                psnr: error > 0 ? -10 * log10(error) : .infinity,
                codesInUse: Set(try codes.integers()).count
            )
        }
    }

    /// In steps of 1/255, as in a file.
    private static func quantized(_ picture: Tensor) throws(TorchError) -> Tensor {
        try (picture.clamped(0, 1) * 255).rounded() / 255
    }

    /// - Parameter codes: [1, h, w] int64, 0 to below ``codebookSize``.
    public func picture(ofCodes codes: Tensor) throws -> Tensor {
        let codes = try codes.converted(to: .int64, on: device)
        guard codes.shape.count == 3, codes.count > 0, try codes.minimum(over: 0, 1, 2).item() >= 0,
            try codes.maximum(over: 0, 1, 2).item() < Double(codebookSize)
        else {
            throw EngineFailure(
                .file,
                "codes of shape \(codes.shape) do not fit the \(codebookSize) codes of \(name)",
                hint: "name the VQGAN that they were made with, with --vqgan"
            )
        }
        return try decoded(vqgan.embed(codes: codes))
    }

    /// - Parameter latent: [1, width, h, w], anywhere in the latent space.
    /// - Parameter isQuantized: whether it is decoded as it is, instead of through the nearest codes.
    public func picture(ofLatent latent: Tensor, isQuantized: Bool) throws -> Tensor {
        let latent = try latent.converted(to: .float32, on: device)
        let width = vqgan.configuration.embedDim
        guard latent.shape.count == 4, latent.shape[1] == width, latent.count > 0 else {
            throw EngineFailure(
                .file,
                "a latent of shape \(latent.shape) does not fit \(name), whose codes have \(width) numbers",
                hint: "name the VQGAN that it was made with, with --vqgan"
            )
        }
        return try withoutGradient { try decoded(isQuantized ? latent : vqgan.quantize(latent)) }
    }

    private func decoded(_ vectors: Tensor) throws -> Tensor {
        let shape = vectors.shape
        let size = PictureSize(shape[3] * cellSize, shape[2] * cellSize)
        try MemoryEstimate.checkDecoding(size, vqgan.configuration, device)
        return try withoutGradient { try ((vqgan.decode(vectors) + 1) / 2).clamped(0, 1) }
    }

    /// Writes a picture [1, 3, H, W] in 0…1 as PNG, over a file that is there.
    public static func write(_ picture: Tensor, to path: String) throws -> PictureSize {
        let size = PictureSize(picture.shape[3], picture.shape[2])
        guard let image = RGBImage(width: size.width, height: size.height, pixels: try PictureTensor.rgb(picture))
        else {
            throw EngineFailure(.image, "a picture of \(size) is too large for a file", hint: "use a smaller size")
        }
        try AtomicFile.write(PNGWriter.encode(image, text: []), to: path, overwrite: true)
        return size
    }
}
