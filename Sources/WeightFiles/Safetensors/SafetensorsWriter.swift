import Foundation

/// Writes a safetensors file from the first byte to the last, without ever holding more of it than one piece.
///
/// Names, types and shapes come first; from them follows everything about the file but the tensors' bytes. The largest
/// elements come first in the file, so that each tensor begins at a multiple of its element size; among equals the
/// order is by name.
public struct SafetensorsWriter: Sendable {
    /// Takes bytes that go to the end of the file.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// The tensors in the order of the file.
    public let order: [String]
    /// The beginning of the file, up to the first tensor.
    public let header: [UInt8]
    private let infos: [String: TensorInfo]

    /// - Parameter metadata: text that is kept beside the tensors.
    public init(_ tensors: [String: TensorInfo], metadata: [String: String] = [:]) {
        infos = tensors
        order = tensors.sorted { (-$0.value.type.size, $0.key) < (-$1.value.type.size, $1.key) }.map(\.key)
        var end = 0
        var members = metadata.isEmpty ? [] : [#""__metadata__":\#(Self.json(metadata))"#]
        for key in order {
            guard let info = tensors[key], let type = SafetensorsHeader.names[info.type] else { continue }
            let start = end
            end += info.byteCount
            members.append(
                #"\#(Self.json(key)):{"dtype":"\#(type)","shape":\#(Self.json(info.shape)),"data_offsets":[\#(start),\#(end)]}"#
            )
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        // Tensors begin at a multiple of 8, which other readers rely on.
        text += repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        header = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    /// Bytes of the whole file.
    public var fileSize: Int { infos.values.reduce(header.count) { $0 + $1.byteCount } }

    /// Writes the file.
    /// - Parameters:
    ///   - sink: called with one piece of the file after the other.
    ///   - tensor: called for each tensor in the order of the file, to give its bytes to the sink that it gets, in as
    ///     many pieces as it likes.
    /// - Throws: what the closures throw, or ``SafetensorsWriterError`` when a tensor got more or fewer bytes than it has.
    public func write(to sink: @escaping Sink, tensor: (String, TensorInfo, Sink) throws -> Void) throws {
        try header.withUnsafeBytes(sink)
        for key in order {
            guard let info = infos[key] else { continue }
            var count = 0
            try tensor(key, info) { piece in
                count += piece.count
                guard count <= info.byteCount else { throw SafetensorsWriterError(key: key, expected: info.byteCount) }
                try sink(piece)
            }
            guard count == info.byteCount else { throw SafetensorsWriterError(key: key, expected: info.byteCount) }
        }
    }

    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }
}

/// A tensor got more or fewer bytes than its type and shape say.
public struct SafetensorsWriterError: Error, Sendable, Hashable, CustomStringConvertible {
    public let key: String
    /// How many bytes the tensor has.
    public let expected: Int

    public var description: String { "\(key) did not get the \(expected) bytes that it has" }
}
