internal import CTorch

/// Element types.
public enum ScalarType: Int32, Sendable, CaseIterable {
    case float32, float16, bfloat16, float64, int64, int32, int16, int8, uint8, bool

    /// Bytes per element.
    public var size: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }
}

/// Where a tensor's memory is and its operations run.
public enum Device: Sendable, Hashable, CustomStringConvertible {
    case cpu
    case cuda(Int)

    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    var handle: CTDevice {
        switch self {
        case .cpu: CTDevice(type: 0, index: 0)
        case .cuda(let index): CTDevice(type: 1, index: Int32(clamping: index))
        }
    }
}

/// A tensor of libtorch. Not sendable: it belongs to the thread that made it.
///
/// Operations make new tensors and record themselves for ``backward(_:)`` where an input requires a gradient, unless
/// they run inside ``withoutGradient(_:)``.
public final class Tensor {
    let handle: CTTensor

    init(owning handle: CTTensor) { self.handle = handle }

    deinit { ct_tensor_free(handle) }

    /// A tensor with the elements given, row-major.
    /// - Throws: `TorchError.argument` when their number does not fit the shape.
    public convenience init(_ values: [Float], shape: [Int]) throws(TorchError) {
        try self.init(values, of: .float32, shape)
    }

    /// A tensor of 64-bit integers, row-major.
    public convenience init(_ values: [Int64], shape: [Int]) throws(TorchError) {
        try self.init(values, of: .int64, shape)
    }

    private convenience init<Element: BitwiseCopyable>(
        _ values: [Element],
        of type: ScalarType,
        _ shape: [Int]
    ) throws(TorchError) {
        let handle = try values.withUnsafeBufferPointer { (elements) throws(TorchError) in
            try Self.handle(UnsafeRawBufferPointer(elements), type, shape)
        }
        self.init(owning: handle)
    }

    /// A tensor with the elements in `bytes`, row-major.
    /// - Throws: `TorchError.argument` when their number does not fit the shape.
    public convenience init(bytes: UnsafeRawBufferPointer, type: ScalarType, shape: [Int]) throws(TorchError) {
        self.init(owning: try Self.handle(bytes, type, shape))
    }

    private static func handle(
        _ bytes: UnsafeRawBufferPointer,
        _ type: ScalarType,
        _ shape: [Int]
    ) throws(TorchError) -> CTTensor {
        try Runtime.load()
        var handle = CTTensor(impl: nil)
        let sizes = shape.map(Int64.init)
        // An empty buffer may have no address; the shim reads nothing then, but wants a pointer.
        let status = withUnsafePointer(to: 0) { placeholder in
            let address = bytes.baseAddress ?? UnsafeRawPointer(placeholder)
            return ct_tensor_from_bytes(address, bytes.count, type.rawValue, sizes, Int32(sizes.count), &handle)
        }
        try check("Tensor", status)
        return handle
    }

    /// A tensor whose elements may be anything, to be set by ``fill(_:)``.
    static func uninitialized(_ shape: [Int], type: ScalarType) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_empty(shape.map(Int64.init), Int32(shape.count), type.rawValue, $0) }
    }

    /// Lets `body` write the elements, row-major, of a tensor that was made by ``uninitialized(_:type:)``.
    func fill<Failure: Error>(_ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        let memory = UnsafeMutableRawBufferPointer(start: ct_tensor_memory(handle), count: count * type.size)
        try withExtendedLifetime(self) { () throws(Failure) in try body(memory) }
    }

    /// A tensor of one value.
    public static func full(
        _ value: Double,
        shape: [Int],
        type: ScalarType = .float32,
        device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try makeTensor {
            ct_tensor_full(shape.map(Int64.init), Int32(shape.count), value, type.rawValue, device.handle, $0)
        }
    }

    public static func zeros(_ shape: [Int], device: Device = .cpu) throws(TorchError) -> Tensor {
        try full(0, shape: shape, device: device)
    }

    /// Zeros like another tensor in shape, type and device.
    public static func zeros(like other: Tensor) throws(TorchError) -> Tensor {
        try full(0, shape: other.shape, type: other.type, device: other.device)
    }

    /// Standard normal values; the same seed gives the same values on the same kind of device.
    public static func normal(_ shape: [Int], seed: UInt64, device: Device = .cpu) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_normal_on(shape.map(Int64.init), Int32(shape.count), seed, device.handle, $0) }
    }

    /// Uniform values in [0, 1); the same seed gives the same values.
    public static func uniform(_ shape: [Int], seed: UInt64) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_uniform(shape.map(Int64.init), Int32(shape.count), seed, $0) }
    }

    /// Sizes of the dimensions.
    public var shape: [Int] {
        var sizes = [Int64](repeating: 0, count: 16)
        var rank: Int32 = 0
        guard ct_tensor_shape(handle, &sizes, 16, &rank) == CT_OK else { return [] }
        return sizes.prefix(Int(rank)).map(Int.init)
    }

    public var type: ScalarType {
        var type: CTScalarType = 0
        guard ct_tensor_type(handle, &type) == CT_OK else { return .float32 }
        return ScalarType(rawValue: type) ?? .float32
    }

    public var device: Device {
        var device = CTDevice(type: 0, index: 0)
        guard ct_tensor_device(handle, &device) == CT_OK, device.type == 1 else { return .cpu }
        return .cuda(Int(device.index))
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The value of a tensor of one element; waits for the device.
    public func item() throws(TorchError) -> Double {
        var value = 0.0
        try check("item", ct_tensor_item(handle, &value))
        return value
    }

    /// The elements, row-major, as floats.
    public func floats() throws(TorchError) -> [Float] {
        try (type == .float32 ? self : converted(to: .float32)).elements(filling: 0)
    }

    /// The elements, row-major, as 64-bit integers.
    public func integers() throws(TorchError) -> [Int64] {
        try (type == .int64 ? self : converted(to: .int64)).elements(filling: 0)
    }

    /// The elements of a tensor of type ``ScalarType/uint8``, row-major.
    public func bytes() throws(TorchError) -> [UInt8] {
        try (type == .uint8 ? self : converted(to: .uint8)).elements(filling: 0)
    }

    /// The elements' memory, row-major, whatever their type.
    public func rawBytes() throws(TorchError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count * type.size)
        try check("rawBytes", ct_tensor_copy_bytes(handle, &result, result.count))
        return result
    }

    private func elements<Element: BitwiseCopyable>(filling value: Element) throws(TorchError) -> [Element] {
        var result = [Element](repeating: value, count: count)
        try check("elements", ct_tensor_copy_bytes(handle, &result, result.count * MemoryLayout<Element>.size))
        return result
    }

    /// The tensor in another type and on another device; itself where nothing changes.
    public func converted(to type: ScalarType? = nil, on device: Device? = nil) throws(TorchError) -> Tensor {
        try makeTensor {
            ct_tensor_convert(handle, (type ?? self.type).rawValue, (device ?? self.device).handle, $0)
        }
    }

    /// With contiguous memory, for [N, C, H, W] in channels-last order if asked.
    public func contiguous(channelsLast: Bool = false) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_contiguous(handle, channelsLast, $0) }
    }

    public func cloned() throws(TorchError) -> Tensor { try makeTensor { ct_tensor_clone(handle, $0) } }

    /// Takes over another tensor's values, in place and outside of any gradient.
    /// - Throws: `TorchError.argument` when the shapes differ.
    public func assign(_ other: Tensor) throws(TorchError) {
        try check("assign", ct_tensor_assign(handle, other.handle))
    }

    /// Tensors that are alive in the process, to find leaks.
    public static var liveCount: Int { Int(ct_debug_live_tensors()) }
}
