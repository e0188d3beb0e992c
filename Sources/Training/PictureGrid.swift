import Core
import EngineKit
import Media
import Torch

/// Pictures side by side.
enum PictureGrid {
    /// - Parameter rows: [N, 3, H, W] in 0…1, of one size; shorter rows end in grey.
    /// - Returns: `nil` without pictures.
    static func frame(_ rows: [Tensor]) throws(TorchError) -> Frame? {
        guard let first = rows.first else { return nil }
        let columns = rows.map { $0.shape[0] }.max() ?? 0
        let (height, width) = (first.shape[2], first.shape[3])
        var bytes = [UInt8](repeating: 128, count: rows.count * height * columns * width * 3)
        for (row, pictures) in rows.enumerated() {
            let pixels = try PictureTensor.rgb(pictures)
            for picture in 0..<pictures.shape[0] {
                for line in 0..<height {
                    let source = (picture * height + line) * width * 3
                    let target = ((row * height + line) * columns + picture) * width * 3
                    bytes.replaceSubrange(target..<target + width * 3, with: pixels[source..<source + width * 3])
                }
            }
        }
        return Frame(step: 0, width: columns * width, height: rows.count * height, rgb: bytes)
    }

    static func png(_ frame: Frame, texts: [(keyword: String, value: String)]) throws -> [UInt8] {
        guard let image = RGBImage(frame) else { throw EngineFailure(.image, "the pictures make too large a sheet") }
        return try PNGWriter.encode(image, text: texts)
    }
}
