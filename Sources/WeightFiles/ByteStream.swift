/// Bytes that are read once, from the first to the last, through a small buffer.
final class ByteStream {
    /// Fills a buffer, which is never longer than what is left.
    typealias Source = (UnsafeMutableRawBufferPointer) throws(WeightProblem) -> Void

    private static let capacity = 1 << 16

    private let source: Source
    private var buffer = [UInt8](repeating: 0, count: capacity)
    private var next = 0
    private var end = 0
    /// How many bytes there are.
    private let count: Int
    /// How many bytes have been taken.
    private(set) var position = 0

    init(count: Int, source: @escaping Source) {
        self.count = count
        self.source = source
    }

    /// The bytes of a part of a file.
    convenience init(_ file: RandomAccessFile, _ range: Range<Int>) {
        var place = range.lowerBound
        self.init(count: range.count) { (buffer) throws(WeightProblem) in
            try file.read(at: place, into: buffer)
            place += buffer.count
        }
    }

    var remaining: Int { count - position }

    /// - Throws: a problem with ``WeightProblem/isCutOff`` set where there are no more bytes.
    func byte() throws(WeightProblem) -> UInt8 {
        if next == end { try refill() }
        let byte = buffer[next]
        next += 1
        position += 1
        return byte
    }

    /// - Parameter count: small, or known to be reasonable for what remains.
    func bytes(_ count: Int) throws(WeightProblem) -> [UInt8] {
        try require(count)
        var result: [UInt8] = []
        result.reserveCapacity(count)
        try consume(count) { result += $0 }
        return result
    }

    func skip(_ count: Int) throws(WeightProblem) {
        try require(count)
        try consume(count) { _ in }
    }

    /// An unsigned little-endian integer.
    func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(WeightProblem) -> Integer {
        var value: Integer = 0
        for index in 0..<MemoryLayout<Integer>.size { value |= Integer(try byte()) << (8 * index) }
        return value
    }

    /// The bytes up to the end of the line, which is taken but not returned.
    func line(limit: Int) throws(WeightProblem) -> [UInt8] {
        var result: [UInt8] = []
        while true {
            let byte = try byte()
            if byte == UInt8(ascii: "\n") { return result }
            guard result.count < limit else { throw .damaged("a line in it is too long") }
            result.append(byte)
        }
    }

    private func require(_ count: Int) throws(WeightProblem) {
        guard count >= 0, count <= remaining else { throw .cutOff() }
    }

    private func consume(_ count: Int, _ body: (ArraySlice<UInt8>) -> Void) throws(WeightProblem) {
        var rest = count
        while rest > 0 {
            if next == end { try refill() }
            let part = min(rest, end - next)
            body(buffer[next..<next + part])
            next += part
            position += part
            rest -= part
        }
    }

    private func refill() throws(WeightProblem) {
        let count = min(Self.capacity, remaining)
        guard count > 0 else { throw .cutOff() }
        let source = source
        try buffer.withUnsafeMutableBufferPointer { (bytes) throws(WeightProblem) in
            try source(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[..<count])))
        }
        (next, end) = (0, count)
    }
}
