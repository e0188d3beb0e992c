extension [UInt8] {
    /// An unsigned little-endian integer at a place that is known to be there.
    func integer<Integer: FixedWidthInteger>(_: Integer.Type, at offset: Int) -> Integer {
        var value: Integer = 0
        for index in 0..<MemoryLayout<Integer>.size { value |= Integer(self[offset + index]) << (8 * index) }
        return value
    }
}
