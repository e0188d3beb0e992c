/// The header of a safetensors file: its length in 8 bytes, then JSON. The tensors' bytes follow.
struct SafetensorsHeader {
    /// The format's own limit.
    static let limit = 100_000_000

    static let names: [ElementType: String] = [
        .float32: "F32", .float16: "F16", .bfloat16: "BF16", .float64: "F64", .int64: "I64", .int32: "I32",
        .int16: "I16", .int8: "I8", .uint8: "U8", .bool: "BOOL",
    ]
    private static let types = Dictionary(uniqueKeysWithValues: names.map { ($1, $0) })

    private(set) var entries: [String: TensorEntry] = [:]
    let metadata: [String: String]

    init(_ file: RandomAccessFile) throws(WeightProblem) {
        guard file.size >= 8 else { throw WeightProblem("is too short for a weight file", hint: "download it again") }
        let length = try file.bytes(0..<8).withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(Self.limit) else {
            throw WeightProblem("is not a safetensors file (its header length is impossible)")
        }
        let end = 8 + Int(length)
        guard end <= file.size else { throw .cutOff("inside its header") }
        var parser = SafetensorsHeaderParser(try file.bytes(8..<end))
        let (fields, metadata) = try parser.header()
        self.metadata = metadata
        try Self.checkLength(fields, dataStart: end, fileSize: file.size)
        for (key, value) in fields { entries[key] = try Self.entry(key, value, dataStart: end) }
        try checkOverlaps()
    }

    /// Refuses a file that ends before its last tensor does.
    private static func checkLength(
        _ fields: [SafetensorsHeaderParser.Member],
        dataStart: Int,
        fileSize: Int
    ) throws(WeightProblem) {
        guard let last = fields.max(by: { ($0.value?.end ?? 0) < ($1.value?.end ?? 0) }), let end = last.value?.end,
            end > fileSize - dataStart
        else { return }
        let (whole, overflow) = dataStart.addingReportingOverflow(end)
        throw .cutOff("\(printable(last.key)) lies beyond its end", sizes: overflow ? nil : (fileSize, whole))
    }

    private static func entry(
        _ key: String,
        _ value: SafetensorsHeaderParser.Entry?,
        dataStart: Int
    ) throws(WeightProblem) -> TensorEntry {
        let name = printable(key)
        guard let value, value.shape.count <= TensorInfo.rankLimit else {
            throw .damaged("the entry for \(name) is malformed")
        }
        guard let type = types[value.type] else {
            throw WeightProblem(
                "has \(name) in the element type \(printable(value.type)), which is not supported",
                hint: "convert it to float32 or float16"
            )
        }
        guard let info = TensorInfo(type: type, shape: value.shape) else {
            throw .damaged("\(name) has the impossible shape \(value.shape)")
        }
        guard value.start >= 0, value.end >= value.start else {
            throw .damaged("\(name) has impossible offsets")
        }
        let count = value.end - value.start
        guard count == info.byteCount else {
            throw .damaged("\(name) has \(count) bytes, its shape needs \(info.byteCount)")
        }
        return TensorEntry(info: info, storage: .stored((dataStart + value.start)..<(dataStart + value.end)))
    }

    private func checkOverlaps() throws(WeightProblem) {
        var end = 0
        let ranges = entries.map { (key: $0.key, range: $0.value.storage.range) }.filter { !$0.range.isEmpty }
        for (key, range) in ranges.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            guard range.lowerBound >= end else {
                throw .damaged("\(printable(key)) has bytes that belong to another tensor")
            }
            end = range.upperBound
        }
    }
}
