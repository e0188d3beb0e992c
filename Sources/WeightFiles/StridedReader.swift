/// Gathers the elements of a tensor that do not follow one another in their storage.
struct StridedReader {
    /// Bytes that may be read although the tensor does not need them.
    private static let slack = 64 << 20
    /// Bytes read at once where the elements are far apart.
    private static let windowSize = 1 << 20

    private let entry: TensorEntry
    private let file: RandomAccessFile

    init(_ entry: TensorEntry, _ file: RandomAccessFile) {
        self.entry = entry
        self.file = file
    }

    /// Bytes from the tensor's first element to its last in the storage.
    private var span: Int {
        let last = zip(entry.info.shape, entry.strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
        return (last + 1) * entry.info.type.size
    }

    /// Fills the buffer with the elements, row-major.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(WeightProblem) {
        let span = span
        if span <= entry.info.byteCount * 4 + Self.slack { return try gather(span, into: buffer) }
        guard case .stored(let range) = entry.storage else {
            throw WeightProblem(
                "holds a tensor as a few elements of a large compressed one",
                hint: "save it again with PyTorch after tensor.contiguous()"
            )
        }
        try collect(from: range.lowerBound, span, into: buffer)
    }

    /// Reads everything between the first element and the last, and picks the elements out of it.
    private func gather(_ span: Int, into buffer: UnsafeMutableRawBufferPointer) throws(WeightProblem) {
        let size = entry.info.type.size
        let source = UnsafeMutableRawBufferPointer.allocate(byteCount: span, alignment: 16)
        defer { source.deallocate() }
        try entry.storage.read(from: file, at: entry.offset * size, into: source)
        let bytes = UnsafeRawBufferPointer(source)
        switch size {
        case 1: forEachRow { copy(UInt8.self, bytes, from: $0, to: buffer, at: $1) }
        case 2: forEachRow { copy(UInt16.self, bytes, from: $0, to: buffer, at: $1) }
        case 4: forEachRow { copy(UInt32.self, bytes, from: $0, to: buffer, at: $1) }
        default: forEachRow { copy(UInt64.self, bytes, from: $0, to: buffer, at: $1) }
        }
    }

    /// Reads the elements through a window that moves over the file.
    private func collect(from start: Int, _ span: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(WeightProblem)
    {
        let size = entry.info.type.size
        let window = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.windowSize, alignment: 16)
        defer { window.deallocate() }
        var held = 0..<0
        let length = entry.info.shape.last ?? 1
        let step = entry.strides.last ?? 1
        try forEachRow { (source, target) throws(WeightProblem) in
            for index in 0..<length {
                let place = (source + index * step) * size
                if place < held.lowerBound || place + size > held.upperBound {
                    held = place..<min(place + Self.windowSize, span)
                    let part = UnsafeMutableRawBufferPointer(rebasing: window[..<held.count])
                    try file.read(at: start + entry.offset * size + place, into: part)
                }
                let element = UnsafeRawBufferPointer(rebasing: window[(place - held.lowerBound)...].prefix(size))
                UnsafeMutableRawBufferPointer(rebasing: buffer[((target + index) * size)...].prefix(size))
                    .copyMemory(from: element)
            }
        }
    }

    /// Copies one row: the elements along the last dimension.
    private func copy<Element: BitwiseCopyable>(
        _: Element.Type,
        _ source: UnsafeRawBufferPointer,
        from first: Int,
        to target: UnsafeMutableRawBufferPointer,
        at place: Int
    ) {
        let (from, to) = (source.assumingMemoryBound(to: Element.self), target.assumingMemoryBound(to: Element.self))
        let step = entry.strides.last ?? 1
        for index in 0..<(entry.info.shape.last ?? 1) { to[place + index] = from[first + index * step] }
    }

    /// Calls `body` for each row with the place of its first element in the storage, counted from the tensor's first,
    /// and in the tensor.
    private func forEachRow<Failure: Error>(_ body: (Int, Int) throws(Failure) -> Void) throws(Failure) {
        let (shape, strides) = (entry.info.shape.dropLast(), entry.strides.dropLast())
        let length = entry.info.shape.last ?? 1
        var indices = [Int](repeating: 0, count: shape.count)
        var source = 0
        for row in 0..<(entry.info.elementCount / length) {
            try body(source, row * length)
            for dimension in shape.indices.reversed() {
                indices[dimension] += 1
                source += strides[dimension]
                if indices[dimension] < shape[dimension] { break }
                source -= shape[dimension] * strides[dimension]
                indices[dimension] = 0
            }
        }
    }
}
