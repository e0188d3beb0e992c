import CImage
import Glibc

/// Reads what a PNG file says about itself.
public enum PNGReader {
    /// The texts of the file by keyword, from tEXt, zTXt and iTXt chunks; of a repeated keyword the first.
    ///
    /// The pixels are passed over without taking memory for them. Texts above 8 MiB are left out.
    /// - Throws: ``ImageError`` naming the path; ``ImageError/Reason/notAnImage`` when the file is no PNG.
    public static func text(_ path: String) throws(ImageError) -> [String: String] {
        try text(in: try FileBytes.read(path), path: path)
    }

    /// The texts in the bytes of a PNG file.
    /// - Parameter path: The name for messages.
    public static func text(in bytes: [UInt8], path: String? = nil) throws(ImageError) -> [String: String] {
        var list = CITextList()
        defer { ci_png_text_free(list) }
        try checked(path) { message, capacity in
            bytes.withUnsafeBufferPointer { ci_png_text($0.baseAddress, $0.count, &list, message, capacity) }
        }
        var texts: [String: String] = [:]
        for item in UnsafeBufferPointer(start: list.items, count: list.count) {
            let keyword = decodeLatin1(UnsafeRawBufferPointer(start: item.keyword, count: strlen(item.keyword)))
            let bytes = UnsafeRawBufferPointer(start: item.value, count: item.length)
            let value = item.is_utf8 != 0 ? String(decoding: bytes, as: UTF8.self) : decodeLatin1(bytes)
            if texts[keyword] == nil { texts[keyword] = value }
        }
        return texts
    }

    private static func decodeLatin1(_ bytes: UnsafeRawBufferPointer) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
