internal import CZlib

/// Inflates a part of a file, piece by piece.
final class Inflater {
    private static let pieceSize = 1 << 16

    private let file: RandomAccessFile
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    /// What has not been given to zlib yet.
    private var rest: Range<Int>

    init(_ file: RandomAccessFile, _ range: Range<Int>) throws(WeightProblem) {
        self.file = file
        rest = range
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(byteCount: Self.pieceSize, alignment: 16)
        // Negative: a bare deflate stream, as zip archives hold.
        let status = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw WeightProblem("cannot be decompressed: zlib does not start", hint: "close other programs")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills the buffer with the next bytes.
    /// - Throws: ``WeightProblem`` where the data are damaged or end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(WeightProblem) {
        var filled = 0
        while filled < buffer.count {
            try fillInput()
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...].prefix(1 << 30))
            stream.pointee.next_out = part.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(part.count)
            let status = inflate(stream, Z_NO_FLUSH)
            let made = part.count - Int(stream.pointee.avail_out)
            filled += made
            let isStuck = made == 0 && stream.pointee.avail_in == 0 && rest.isEmpty
            guard status == Z_OK || (status == Z_STREAM_END && filled == buffer.count), !isStuck else {
                throw .damaged("compressed data in it are wrong or end early")
            }
        }
    }

    func skip(_ count: Int) throws(WeightProblem) {
        guard count > 0 else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, Self.pieceSize), alignment: 16)
        defer { buffer.deallocate() }
        var left = count
        while left > 0 {
            let part = min(left, buffer.count)
            try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<part]))
            left -= part
        }
    }

    private func fillInput() throws(WeightProblem) {
        guard stream.pointee.avail_in == 0, !rest.isEmpty else { return }
        let count = min(rest.count, Self.pieceSize)
        try file.read(at: rest.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: input[..<count]))
        rest = (rest.lowerBound + count)..<rest.upperBound
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }
}
