/// What the segments before a JPEG's pixels say that the decoder does not.
///
/// Everything in them is optional, so that damaged segments count as absent instead of costing the picture.
struct JPEGMarkers: Hashable {
    /// How EXIF says that the stored rows lie; `.upright` without EXIF.
    private(set) var orientation: Orientation = .upright
    /// Whether an Adobe program wrote the file: such programs store CMYK inverted.
    private(set) var isAdobe = false

    init() {}

    init(_ bytes: [UInt8]) {
        var position = 2
        while position + 4 <= bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if marker == 0xFF {
                position += 1
                continue
            }
            // Start of scan or end of image: nothing of interest follows.
            guard marker != 0xDA, marker != 0xD9 else { return }
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard length >= 2, position + 2 + length <= bytes.count else { return }
            read(marker, bytes[(position + 4)..<(position + 2 + length)])
            position += 2 + length
        }
    }

    private mutating func read(_ marker: UInt8, _ segment: ArraySlice<UInt8>) {
        if marker == 0xEE, segment.starts(with: Array("Adobe".utf8)) {
            isAdobe = true
        } else if marker == 0xE1, segment.starts(with: Array("Exif\0\0".utf8)) {
            orientation = Self.orientation(tiff: Array(segment.dropFirst(6))) ?? .upright
        }
    }

    /// The value of tag 0x0112 in the first directory of a TIFF structure.
    private static func orientation(tiff: [UInt8]) -> Orientation? {
        let littleEndian: Bool
        if tiff.starts(with: Array("II".utf8)) {
            littleEndian = true
        } else if tiff.starts(with: Array("MM".utf8)) {
            littleEndian = false
        } else {
            return nil
        }
        func number(_ offset: Int, _ width: Int) -> Int? {
            guard offset >= 0, offset + width <= tiff.count else { return nil }
            let digits = tiff[offset..<(offset + width)]
            return (littleEndian ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for entry in 0..<entries {
            let offset = directory + 2 + 12 * entry
            guard let tag = number(offset, 2) else { return nil }
            if tag == 0x0112 { return number(offset + 8, 2).flatMap(Orientation.init(rawValue:)) }
        }
        return nil
    }
}

/// EXIF's eight orientations: which side of the scene the first stored row and column show.
enum Orientation: Int, CaseIterable {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, rightTop, transversed, leftBottom

    /// Whether width and height change places.
    var swapsSides: Bool { rawValue >= Orientation.transposed.rawValue }
}

extension RGBImage {
    /// The picture as it is to be seen, given how its rows were stored.
    func oriented(_ orientation: Orientation) -> RGBImage {
        guard orientation != .upright else { return self }
        let newWidth = orientation.swapsSides ? height : width
        let newHeight = orientation.swapsSides ? width : height
        // Where the pixel shown at (0, 0) is stored, and how far one step right or down moves in the stored picture.
        let right = width - 1
        let bottom = height - 1
        let (start, stepX, stepY): (Int, Int, Int) =
            switch orientation {
            case .upright: (0, 1, width)
            case .mirrored: (right, -1, width)
            case .upsideDown: (bottom * width + right, -1, -width)
            case .flipped: (bottom * width, 1, -width)
            case .transposed: (0, width, 1)
            case .rightTop: (bottom * width, -width, 1)
            case .transversed: (bottom * width + right, -width, -1)
            case .leftBottom: (right, width, -1)
            }
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, filled in
            pixels.withUnsafeBufferPointer { stored in
                for y in 0..<newHeight {
                    for x in 0..<newWidth {
                        let source = 3 * (start + x * stepX + y * stepY)
                        for channel in 0..<3 { buffer[filled + channel] = stored[source + channel] }
                        filled += 3
                    }
                }
            }
        }
        return RGBImage(unchecked: turned, width: newWidth, height: newHeight)
    }
}
