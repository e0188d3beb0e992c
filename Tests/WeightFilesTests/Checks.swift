import Foundation
import Testing
import WeightFiles

/// The line that a file which cannot be used gives; checks that it is one line that begins with the path.
func problem(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let file = try TemporaryFile(bytes)
    let error = #expect(throws: WeightFileError.self, sourceLocation: sourceLocation) {
        try WeightFile(path: file.path)
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix(file.path), sourceLocation: sourceLocation)
    #expect(!text.contains("\n") && text.utf8.count < 1000, sourceLocation: sourceLocation)
    return String(text.dropFirst(file.path.count))
}

/// Little-endian bytes.
func bytes<Element: FixedWidthInteger>(_ values: [Element]) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}

func floatBytes(_ values: [Float]) -> [UInt8] { bytes(values.map(\.bitPattern)) }

/// A generator whose numbers are the same in every run.
struct FixedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
