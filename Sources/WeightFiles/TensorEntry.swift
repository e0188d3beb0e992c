/// Where the bytes of a storage are in a file.
enum StorageLocation: Sendable {
    /// As they are.
    case stored(Range<Int>)
    /// Deflated into the range; `size` is that of the bytes themselves.
    case deflated(Range<Int>, size: Int)

    /// The bytes of the file that it takes.
    var range: Range<Int> {
        switch self {
        case .stored(let range), .deflated(let range, _): range
        }
    }

    /// Bytes of the storage.
    var size: Int {
        switch self {
        case .stored(let range): range.count
        case .deflated(_, let size): size
        }
    }

    /// Fills the buffer with the bytes of the storage from an offset on.
    func read(from file: RandomAccessFile, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(WeightProblem)
    {
        switch self {
        case .stored(let range): try file.read(at: range.lowerBound + offset, into: buffer)
        case .deflated(let range, _):
            let inflater = try Inflater(file, range)
            try inflater.skip(offset)
            try inflater.read(into: buffer)
        }
    }
}

/// A tensor in a file: its elements are those of a storage that lie at an offset and in steps of the strides.
struct TensorEntry: Sendable {
    let info: TensorInfo
    let storage: StorageLocation
    /// The first element's place in the storage, in elements.
    let offset: Int
    /// Elements from one index of a dimension to the next.
    let strides: [Int]

    /// A tensor whose elements fill a storage without gaps.
    init(info: TensorInfo, storage: StorageLocation) {
        self.info = info
        self.storage = storage
        offset = 0
        strides = Self.contiguousStrides(info.shape)
    }

    /// - Throws: ``WeightProblem`` when a part of the tensor would lie outside of its storage.
    init(_ name: String, info: TensorInfo, storage: StorageLocation, offset: Int, strides: [Int]) throws(WeightProblem)
    {
        self.info = info
        self.storage = storage
        self.offset = offset
        self.strides = strides
        guard strides.count == info.shape.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
            throw .damaged("\(printable(name)) has impossible strides")
        }
        guard info.elementCount > 0 else { return }
        var last = offset
        for (size, stride) in zip(info.shape, strides) {
            let (distance, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(distance)
            guard !overflow, !sumOverflow else { throw .damaged("\(printable(name)) has impossible strides") }
            last = sum
        }
        guard last < storage.size / info.type.size else {
            throw .damaged("\(printable(name)) lies outside of its storage")
        }
        // Only a stride of 0 makes more of a storage than there is.
        guard info.byteCount <= max(storage.size, Self.expansionLimit) else {
            throw .damaged("\(printable(name)) makes \(info.byteCount) bytes of \(storage.size)")
        }
    }

    /// Bytes to which a small storage may be expanded.
    private static let expansionLimit = 64 << 20

    private static func contiguousStrides(_ shape: [Int]) -> [Int] {
        var strides = shape
        var step = 1
        for index in shape.indices.reversed() {
            strides[index] = step
            step *= max(shape[index], 1)
        }
        return strides
    }

    /// Whether the elements follow one another in the storage as they do in the tensor.
    var isContiguous: Bool {
        zip(info.shape, zip(strides, Self.contiguousStrides(info.shape)))
            .allSatisfy { size, strides in size == 1 || strides.0 == strides.1 }
    }

    /// Fills the buffer, which has the tensor's size, with its elements, row-major.
    func read(from file: RandomAccessFile, into buffer: UnsafeMutableRawBufferPointer) throws(WeightProblem) {
        guard info.elementCount > 0 else { return }
        let size = info.type.size
        if isContiguous { return try storage.read(from: file, at: offset * size, into: buffer) }
        try StridedReader(self, file).read(into: buffer)
    }
}
