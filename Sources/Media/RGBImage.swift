public import EngineKit

/// A picture in memory: rows of sRGB bytes, top to bottom.
public struct RGBImage: Sendable, Hashable, CustomReflectable {
    /// The greatest width and height, in pixels; equal to the reader's limit.
    public static let maximumSide = 16384

    /// Pixels, from 1 to ``maximumSide``.
    public let width: Int
    /// Pixels, from 1 to ``maximumSide``.
    public let height: Int
    /// `width * height * 3` bytes: red, green, blue.
    public let pixels: [UInt8]

    /// - Returns: `nil` when a side is out of range or the number of bytes does not fit the size.
    public init?(width: Int, height: Int, pixels: [UInt8]) {
        let sides = 1...Self.maximumSide
        guard sides.contains(width), sides.contains(height), pixels.count == width * height * 3 else { return nil }
        self.init(unchecked: pixels, width: width, height: height)
    }

    /// - Returns: `nil` when a side of the frame is above ``maximumSide``.
    public init?(_ frame: Frame) {
        self.init(width: frame.width, height: frame.height, pixels: frame.rgb)
    }

    /// For callers that made `pixels` to the size.
    init(unchecked pixels: [UInt8], width: Int, height: Int) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Without the pixels, which would fill the output of a failing test.
    public var customMirror: Mirror { Mirror(self, children: ["width": width, "height": height]) }
}
