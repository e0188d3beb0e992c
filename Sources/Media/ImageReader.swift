import CImage

/// Reads pictures from files.
///
/// The format is recognised by content, never by suffix: PNG of any depth and colour type, JPEG (grey, colour, CMYK;
/// baseline and progressive), and still WebP. Samples are brought to 8 bits and taken as sRGB: colour profiles are ignored.
/// Transparency is composited on white. The EXIF orientation of a JPEG is honoured.
public enum ImageReader {
    /// The picture in the file.
    ///
    /// Reads at most 512 MiB, 16384 pixels a side and 268 million pixels in all, and refuses more before it takes memory.
    /// Never blocks on a pipe and never opens a device.
    /// - Throws: ``ImageError`` naming the path.
    public static func read(_ path: String) throws(ImageError) -> RGBImage {
        try decode(try FileBytes.read(path), path: path)
    }

    /// The picture in the bytes of a file.
    /// - Parameter path: The name for messages.
    public static func decode(_ bytes: [UInt8], path: String? = nil) throws(ImageError) -> RGBImage {
        var info = CIImageInfo()
        try checked(path) { message, capacity in
            bytes.withUnsafeBufferPointer { ci_image_inspect($0.baseAddress, $0.count, &info, message, capacity) }
        }
        let markers = info.format == CI_FORMAT_JPEG ? JPEGMarkers(bytes) : JPEGMarkers()
        let width = Int(info.width)
        let height = Int(info.height)
        var pixels: [UInt8] = []
        try checked(path) { message, capacity in
            var status = CI_OK
            pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, filled in
                guard let start = buffer.baseAddress else { return }
                status = bytes.withUnsafeBufferPointer {
                    let inverted: Int32 = markers.isAdobe ? 1 : 0
                    return ci_image_decode($0.baseAddress, $0.count, inverted, start, buffer.count, message, capacity)
                }
                if status == CI_OK { filled = width * height * 3 }
            }
            return status
        }
        return RGBImage(unchecked: pixels, width: width, height: height).oriented(markers.orientation)
    }
}

/// Calls into CImage and turns a status other than `CI_OK` into an error.
func checked(
    _ path: String?,
    _ call: (UnsafeMutablePointer<CChar>?, Int) -> CIStatus
) throws(ImageError) {
    var status = CI_OK
    let message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        buffer.initialize(repeating: 0)
        status = call(buffer.baseAddress, buffer.count)
        return buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
    let reason: ImageError.Reason
    switch status {
    case CI_OK: return
    case CI_ERR_FORMAT: reason = message == "empty" ? .empty : .notAnImage
    case CI_ERR_TRUNCATED: reason = .truncated
    case CI_ERR_UNSUPPORTED: reason = .unsupported(message)
    case CI_ERR_TOO_LARGE: reason = .tooLarge(message)
    case CI_ERR_OUT_OF_MEMORY: reason = .outOfMemory
    default: reason = .damaged(message)
    }
    throw ImageError(reason, path: path)
}
