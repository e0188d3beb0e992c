import CImage

/// Encodes pictures as PNG.
public enum PNGWriter {
    /// The bytes of an 8-bit RGB PNG file, marked as sRGB, with the texts before the pixels.
    ///
    /// A value within printable Latin-1 becomes a tEXt chunk, which every program reads; any other becomes an iTXt chunk
    /// in UTF-8. Keywords may repeat.
    /// - Parameter text: At most 1000 pairs. A keyword has 1 to 79 printable Latin-1 characters, without spaces at its
    ///   ends or two in a row; a value has no zero byte.
    /// - Throws: ``ImageError`` with ``ImageError/Reason/invalidText(_:)`` or ``ImageError/Reason/outOfMemory``.
    public static func encode(
        _ image: RGBImage,
        text: [(keyword: String, value: String)] = []
    ) throws(ImageError) -> [UInt8] {
        guard text.count <= 1000 else { throw ImageError(.invalidText("more than 1000 entries"), path: nil) }
        var chunks: [TextChunk] = []
        for (keyword, value) in text { chunks.append(try TextChunk(keyword, value)) }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        defer { ci_bytes_free(bytes) }
        try checked(nil) { message, capacity in
            withTexts(chunks) { texts in
                image.pixels.withUnsafeBufferPointer { pixels in
                    guard let start = pixels.baseAddress else { return CI_ERR_ARGUMENT }
                    return ci_png_encode(
                        start,
                        UInt32(image.width),
                        UInt32(image.height),
                        texts.baseAddress,
                        texts.count,
                        &bytes,
                        &count,
                        message,
                        capacity
                    )
                }
            }
        }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// Lends the chunks to C. They lie one after another in one block, which no reallocation moves.
    private static func withTexts<Result>(
        _ chunks: [TextChunk],
        _ body: (UnsafeBufferPointer<CIText>) -> Result
    ) -> Result {
        let block = chunks.flatMap { $0.keyword + [0] + $0.value + [0] }.map { CChar(bitPattern: $0) }
        return block.withUnsafeBufferPointer { buffer in
            var texts: [CIText] = []
            var position = 0
            for chunk in chunks {
                guard let start = buffer.baseAddress else { continue }
                let value = position + chunk.keyword.count + 1
                texts.append(
                    CIText(
                        keyword: start + position,
                        value: start + value,
                        length: chunk.value.count,
                        is_utf8: chunk.isUTF8 ? 1 : 0
                    )
                )
                position = value + chunk.value.count + 1
            }
            return texts.withUnsafeBufferPointer(body)
        }
    }
}

/// A text in the bytes of its chunk.
private struct TextChunk {
    let keyword: [UInt8]
    let value: [UInt8]
    let isUTF8: Bool

    init(_ keyword: String, _ value: String) throws(ImageError) {
        guard let bytes = latin1(keyword), (1...79).contains(bytes.count), Self.isWellSpaced(bytes) else {
            throw ImageError(.invalidText("the keyword “\(printable(keyword))”"), path: nil)
        }
        guard !value.utf8.contains(0) else {
            throw ImageError(.invalidText("a zero byte under “\(keyword)”"), path: nil)
        }
        self.keyword = bytes
        let simple = latin1(value, allowing: "\n")
        self.value = simple ?? Array(value.utf8)
        isUTF8 = simple == nil
    }

    private static func isWellSpaced(_ bytes: [UInt8]) -> Bool {
        let words = bytes.split(separator: 0x20, omittingEmptySubsequences: false)
        return !words.contains(where: \.isEmpty) && !bytes.contains(0xA0)
    }
}

/// The text's Latin-1 bytes, or `nil` when it has other characters than Latin-1's printable ones and those allowed.
private func latin1(_ text: String, allowing extra: Unicode.Scalar? = nil) -> [UInt8]? {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
        guard (0x20...0x7E).contains(scalar.value) || (0xA0...0xFF).contains(scalar.value) || scalar == extra else {
            return nil
        }
        bytes.append(UInt8(truncatingIfNeeded: scalar.value))
    }
    return bytes
}
