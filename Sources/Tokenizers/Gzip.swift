import CZlib

/// Unpacks gzip data that is held in memory whole.
enum Gzip {
    private static let chunkSize = 1 << 16

    /// Whether the data begins like a gzip file.
    static func isGzip(_ data: [UInt8]) -> Bool { data.starts(with: [0x1F, 0x8B]) }

    /// The unpacked contents of a gzip file with one member.
    /// - Parameter limit: more bytes than this are not unpacked.
    /// - Returns: `nil` for data that is damaged, cut off or larger than the limit.
    static func unpacked(_ data: [UInt8], limit: Int) -> [UInt8]? {
        // zlib remembers where its state lies, so it must not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // Windows of 15 bits, and 16 for the gzip header and its checksum.
        guard inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return nil
        }
        defer { inflateEnd(stream) }
        var data = data
        return data.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(clamping: input.count)
            return inflated(stream, limit: limit)
        }
    }

    private static func inflated(_ stream: UnsafeMutablePointer<z_stream>, limit: Int) -> [UInt8]? {
        var result: [UInt8] = []
        while result.count <= limit {
            var status = Z_OK
            result += [UInt8](unsafeUninitializedCapacity: chunkSize) { chunk, count in
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunkSize)
                status = inflate(stream, Z_NO_FLUSH)
                count = chunkSize - Int(stream.pointee.avail_out)
            }
            if status == Z_STREAM_END { return result.count <= limit ? result : nil }
            guard status == Z_OK else { return nil }
        }
        return nil
    }
}
