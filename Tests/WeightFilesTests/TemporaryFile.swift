import Foundation

/// A file that goes with the value.
final class TemporaryFile {
    let path = FileManager.default.temporaryDirectory.appending(path: "weights-\(UUID().uuidString)").path

    init(_ bytes: [UInt8]) throws { try write(bytes) }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
