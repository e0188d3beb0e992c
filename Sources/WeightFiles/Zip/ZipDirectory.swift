/// Finds the directory at the end of a zip archive.
struct ZipDirectory {
    static let localSignature: UInt32 = 0x0403_4B50
    /// Bytes of a member's header before its name.
    static let localHeaderSize = 30

    private static let endSize = 22
    private static let locatorSize = 20

    /// Where the directory is in the file.
    let range: Range<Int>
    let memberCount: Int

    init(_ file: RandomAccessFile) throws(WeightProblem) {
        let tailStart = max(0, file.size - Self.endSize - 0xFFFF)
        let tail = try file.bytes(tailStart..<file.size)
        guard let end = Self.endRecord(tail) else { throw .cutOff() }
        var count = UInt64(tail.integer(UInt16.self, at: end + 10))
        var size = UInt64(tail.integer(UInt32.self, at: end + 12))
        var offset = UInt64(tail.integer(UInt32.self, at: end + 16))
        var limit = tailStart + end
        if let wide = try Self.wideRecord(file, before: limit) {
            (count, size, offset, limit) = (wide.count, wide.size, wide.offset, wide.place)
        }
        guard let start = Int(exactly: offset), let length = Int(exactly: size), let memberCount = Int(exactly: count),
            start <= limit, length <= limit - start, memberCount <= length / 46
        else { throw .damaged("its zip directory is not where it should be") }
        range = start..<(start + length)
        self.memberCount = memberCount
    }

    /// The end record, which a comment may follow.
    private static func endRecord(_ tail: [UInt8]) -> Int? {
        guard tail.count >= endSize else { return nil }
        return (0...(tail.count - endSize)).reversed().first { offset in
            tail[offset] == 0x50 && tail.integer(UInt32.self, at: offset) == 0x0605_4B50
                && offset + endSize + Int(tail.integer(UInt16.self, at: offset + 20)) == tail.count
        }
    }

    /// The end record of an archive of more than 4 GiB, which lies before the ordinary one.
    private static func wideRecord(_ file: RandomAccessFile, before end: Int) throws(WeightProblem)
        -> (count: UInt64, size: UInt64, offset: UInt64, place: Int)?
    {
        guard end >= locatorSize else { return nil }
        let locator = try file.bytes((end - locatorSize)..<end)
        guard locator.integer(UInt32.self, at: 0) == 0x0706_4B50 else { return nil }
        guard let place = Int(exactly: locator.integer(UInt64.self, at: 8)), place <= end - locatorSize - 56 else {
            throw .damaged("its zip directory is not where it should be")
        }
        let record = try file.bytes(place..<(place + 56))
        guard record.integer(UInt32.self, at: 0) == 0x0606_4B50 else {
            throw .damaged("its zip directory is not where it should be")
        }
        return (
            record.integer(UInt64.self, at: 32), record.integer(UInt64.self, at: 40),
            record.integer(UInt64.self, at: 48), place
        )
    }

    /// Sizes and place of a member, which do not all fit into its directory entry.
    struct Sizes {
        var size: UInt64
        var compressedSize: UInt64
        var headerOffset: UInt64

        /// Takes those that the entry says to be elsewhere from its extra fields.
        mutating func widen(_ extra: [UInt8]) throws(WeightProblem) {
            let elsewhere = UInt64(UInt32.max)
            guard size == elsewhere || compressedSize == elsewhere || headerOffset == elsewhere else { return }
            var offset = 0
            while offset + 4 <= extra.count {
                let length = Int(extra.integer(UInt16.self, at: offset + 2))
                let end = offset + 4 + length
                guard end <= extra.count else { break }
                if extra.integer(UInt16.self, at: offset) == 1 {
                    return try take(extra[(offset + 4)..<end])
                }
                offset = end
            }
            throw .damaged("its zip archive lacks a size")
        }

        private mutating func take(_ field: ArraySlice<UInt8>) throws(WeightProblem) {
            var rest = Array(field)
            for path in [\Sizes.size, \Sizes.compressedSize, \Sizes.headerOffset]
            where self[keyPath: path] == UInt64(UInt32.max) {
                guard rest.count >= 8 else { throw .damaged("its zip archive lacks a size") }
                self[keyPath: path] = rest.integer(UInt64.self, at: 0)
                rest.removeFirst(8)
            }
        }
    }
}
