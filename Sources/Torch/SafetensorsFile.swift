import Foundation

/// A safetensors file, mapped into memory: 8 bytes of header length, a JSON header, then the tensors' bytes.
///
/// Every number of the header is checked against the file before it is used.
public final class SafetensorsFile: StateDict {
    private struct Entry {
        let type: ScalarType
        let shape: [Int]
        let range: Range<Int>
    }

    private static let types: [String: ScalarType] = [
        "F32": .float32, "F16": .float16, "BF16": .bfloat16, "F64": .float64, "I64": .int64, "I32": .int32,
        "I16": .int16, "I8": .int8, "U8": .uint8, "BOOL": .bool,
    ]
    /// The format's own limit.
    private static let headerLimit = 100_000_000

    public let path: String
    public let metadata: [String: String]
    private let file: MappedFile
    private let entries: [String: Entry]

    /// Reads the header.
    /// - Throws: ``WeightsError/file(path:problem:)`` naming what is wrong with the file.
    public init(path: String) throws(WeightsError) {
        self.path = path
        file = try MappedFile(path: path)
        let size = file.bytes.count
        guard size >= 8 else { throw .file(path: path, problem: "is too short for a safetensors file") }
        let length = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(Self.headerLimit) else {
            throw .file(path: path, problem: "is not a safetensors file (its header length is impossible)")
        }
        let headerEnd = 8 + Int(length)
        guard headerEnd <= size else { throw .file(path: path, problem: "is cut off inside its header") }
        let data = Data(file.bytes[8..<headerEnd])
        guard let header = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            throw .file(path: path, problem: "is not a safetensors file (its header is not a JSON object)")
        }
        guard Self.memberCount(file.bytes[8..<headerEnd]) == header.count else {
            throw .file(path: path, problem: "names a tensor twice in its header")
        }
        metadata = (header["__metadata__"] as? [String: String]) ?? [:]
        var entries: [String: Entry] = [:]
        for (key, value) in header where key != "__metadata__" {
            entries[key] = try Self.entry(key, value, dataStart: headerEnd, fileSize: size, path)
        }
        var end = headerEnd
        let ordered = entries.filter { !$0.value.range.isEmpty }
            .sorted { $0.value.range.lowerBound < $1.value.range.lowerBound }
        for (key, entry) in ordered {
            guard entry.range.lowerBound >= end else {
                throw .file(path: path, problem: "gives \(key) bytes that belong to another tensor")
            }
            end = entry.range.upperBound
        }
        self.entries = entries
    }

    /// How many members the outermost object of a JSON text has, those of the same name included.
    private static func memberCount(_ json: Slice<UnsafeRawBufferPointer>) -> Int {
        var count = 0
        var depth = 0
        var isString = false
        var isEscaped = false
        for byte in json {
            if isString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == 1: count += 1
            default: break
            }
        }
        return count
    }

    private static func entry(
        _ key: String,
        _ value: Any,
        dataStart: Int,
        fileSize: Int,
        _ path: String
    ) throws(WeightsError) -> Entry {
        guard let fields = value as? [String: Any], let typeName = fields["dtype"] as? String,
            let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
            offsets.count == 2, shape.count <= 8
        else { throw .file(path: path, problem: "has a malformed entry for \(key)") }
        guard let type = types[typeName] else {
            throw .type(key: key, problem: "the element type \(typeName) is not supported")
        }
        var count = type.size
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard size >= 0, !overflow else {
                throw .file(path: path, problem: "has an impossible shape \(shape) for \(key)")
            }
            count = product
        }
        let room = fileSize - dataStart
        guard offsets[0] >= 0, offsets[1] >= offsets[0] else {
            throw .file(path: path, problem: "has impossible offsets for \(key)")
        }
        guard offsets[1] <= room else {
            throw .file(path: path, problem: "is cut off: \(key) lies beyond its end")
        }
        guard offsets[1] - offsets[0] == count else {
            throw .file(path: path, problem: "gives \(key) \(offsets[1] - offsets[0]) bytes, its shape needs \(count)")
        }
        return Entry(type: type, shape: shape, range: (dataStart + offsets[0])..<(dataStart + offsets[1]))
    }

    public var keys: [String] { entries.keys.sorted() }

    public func shape(of key: String) -> [Int]? { entries[key]?.shape }

    public func tensor(_ key: String) throws(WeightsError) -> Tensor {
        guard let entry = entries[key] else { throw .missing(key: key, expected: nil, path: path, nearest: nil) }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
        return try weightsErrors { () throws(TorchError) in
            try Tensor(bytes: bytes, type: entry.type, shape: entry.shape)
        }
    }

    /// The file's bytes for tensors in their stored types, in the order of their names.
    /// - Throws: ``WeightsError/torch(_:)`` when a tensor cannot be copied.
    public static func encode(
        _ tensors: [String: Tensor],
        metadata: [String: String] = [:]
    ) throws(WeightsError) -> [UInt8] {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var body: [UInt8] = []
        for (key, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let type = tensor.type
            let name = types.first { $0.value == type }?.key ?? "F32"
            let bytes = try weightsErrors { () throws(TorchError) in try tensor.rawBytes() }
            header[key] = [
                "dtype": name, "shape": tensor.shape, "data_offsets": [body.count, body.count + bytes.count],
            ]
            body += bytes
        }
        guard
            var json = try? JSONSerialization.data(
                withJSONObject: header,
                options: [.sortedKeys, .withoutEscapingSlashes]
            )
        else { throw .file(path: "the checkpoint", problem: "has a header that cannot be written as JSON") }
        // Tensors start at a multiple of 8, which other readers rely on.
        while (json.count + 8) % 8 != 0 { json.append(UInt8(ascii: " ")) }
        var result = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
        result += json
        result += body
        return result
    }
}
