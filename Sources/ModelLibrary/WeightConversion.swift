import WeightFiles

/// Elements of a tensor in another type.
enum WeightConversion {
    /// The type in which a tensor is kept: as it is, but float64 as float32; or every float as float16.
    static func kept(_ type: ElementType, isHalf: Bool) -> ElementType {
        switch type {
        case .float32, .bfloat16, .float16: isHalf ? .float16 : type
        case .float64: isHalf ? .float16 : .float32
        default: type
        }
    }

    /// - Returns: the elements in the new type, or `nil` when one of them is too large for it.
    static func convert(_ bytes: [UInt8], from type: ElementType, to kept: ElementType) -> [UInt8]? {
        if type == kept { return bytes }
        return bytes.withUnsafeBytes { source in
            switch (type, kept) {
            case (.float32, .float16): map(source, { Float16($0 as Float) }, \.isFinite)
            case (.float64, .float16): map(source, { Float16($0 as Double) }, \.isFinite)
            case (.float64, .float32): map(source, { Float($0 as Double) }, \.isFinite)
            case (.bfloat16, .float16):
                map(source, { Float16(Float(bitPattern: UInt32($0 as UInt16) << 16)) }, \.isFinite)
            default: nil
            }
        }
    }

    private static func map<Element, Result>(
        _ source: UnsafeRawBufferPointer,
        _ transform: (Element) -> Result,
        _ isUsable: (Result) -> Bool
    ) -> [UInt8]? {
        let count = source.count / MemoryLayout<Element>.size
        var areUsable = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count * MemoryLayout<Result>.size) { buffer, filled in
            let target = UnsafeMutableRawBufferPointer(buffer)
            for index in 0..<count {
                let element = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
                let result = transform(element)
                areUsable = areUsable && isUsable(result)
                target.storeBytes(of: result, toByteOffset: index * MemoryLayout<Result>.size, as: Result.self)
            }
            filled = count * MemoryLayout<Result>.size
        }
        return areUsable ? bytes : nil
    }
}
