import EngineKit
package import Media
package import Torch

/// Pictures as tensors and back.
package enum PictureTensor {
    /// A picture file scaled to cover the size and cropped at its centre: [1, 3, H, W] in 0…1.
    static func read(_ path: String, covering size: PictureSize, device: Device) throws -> Tensor {
        let image = try ImageReader.read(path).coverCropped(width: size.width, height: size.height)
        return try tensor(image, device: device)
    }

    /// [1, 3, H, W] in 0…1.
    package static func tensor(_ image: RGBImage, device: Device) throws(TorchError) -> Tensor {
        let bytes = try image.pixels.withUnsafeBufferPointer { (buffer) throws(TorchError) in
            try Tensor(bytes: UnsafeRawBufferPointer(buffer), type: .uint8, shape: [1, image.height, image.width, 3])
        }
        return try bytes.converted(to: .float32, on: device).permuted(0, 3, 1, 2).contiguous() / 255
    }

    /// A picture [1, 3, H, W] in 0…1 as rows of RGB bytes.
    package static func rgb(_ picture: Tensor) throws(TorchError) -> [UInt8] {
        try bytes(picture).bytes()
    }

    /// The same where the picture is: [1, H, W, 3] of bytes.
    static func bytes(_ picture: Tensor) throws(TorchError) -> Tensor {
        let scaled = try (picture * 255).rounded().clamped(0, 255).converted(to: .uint8)
        return try scaled.permuted(0, 2, 3, 1).contiguous()
    }
}
