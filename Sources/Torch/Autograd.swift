internal import CTorch

extension Tensor {
    /// The same values, cut off from the graph; shares memory.
    public func detached() throws(TorchError) -> Tensor { try makeTensor { ct_tensor_detach(handle, $0) } }

    /// Makes a leaf collect its gradient, or stop doing so.
    /// - Returns: itself.
    @discardableResult public func requiringGradient(_ required: Bool = true) throws(TorchError) -> Tensor {
        try check("requiringGradient", ct_tensor_set_requires_gradient(handle, required))
        return self
    }

    /// Adds the gradient of this tensor to every leaf that it depends on.
    /// - Parameter gradient: d(objective)/d(self); may be left out for a scalar.
    public func backward(_ gradient: Tensor? = nil) throws(TorchError) {
        try check("backward", ct_tensor_backward(handle, gradient?.handle ?? CTTensor(impl: nil)))
    }

    /// The gradient collected so far; `nil` before any ``backward(_:)``.
    public func gradient() throws(TorchError) -> Tensor? {
        var gradient = CTTensor(impl: nil)
        try check("gradient", ct_tensor_gradient(handle, &gradient))
        return gradient.impl == nil ? nil : Tensor(owning: gradient)
    }

    public func clearGradient() throws(TorchError) { try check("clearGradient", ct_tensor_clear_gradient(handle)) }

    /// Clamped to [low, high] with a backward that blocks only what would push a clipped value further out, so a
    /// clipped pixel can still come back (Katherine Crowson's `ClampWithGrad`).
    public func clampedKeepingGradient(_ low: Double, _ high: Double) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_clamp_with_gradient(handle, low, high, $0) }
    }

    /// The values of `self`, bit for bit, whose gradient goes to `other`, of the same shape: the straight-through
    /// estimator.
    public func withGradient(to other: Tensor) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_replace_gradient(handle, other.handle, $0) }
    }
}

/// Runs a body in which nothing is recorded for backward.
public func withoutGradient<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    // Without libtorch there is no mode to change, and the body's own operations say what is wrong.
    guard (try? Runtime.load()) != nil else { return try body() }
    let previous = ct_set_gradient_enabled(false)
    defer { _ = ct_set_gradient_enabled(previous) }
    return try body()
}

/// libtorch as a whole.
public enum Runtime {
    private static let loading = Result { () throws(TorchError) in try check("load", ct_load()) }

    /// Loads libtorch, which takes some tenths of a second; from the second call on it only repeats the outcome. Making
    /// a tensor does so too.
    /// - Throws: `TorchError.notLoaded` where libtorch is not to be found.
    public static func load() throws(TorchError) { try loading.get() }

    /// Such as 2.15.0; empty before ``load()``.
    public static var version: String { String(cString: ct_torch_version()) }

    /// Sets how many threads one operation may use; call before the first operation.
    public static func setThreadCount(_ count: Int) throws(TorchError) {
        try load()
        try check("setThreadCount", ct_set_thread_count(Int32(clamping: count)))
    }

    /// Uses libtorch's own operations alone, without the faster ones for frozen layers whose results differ by rounding.
    /// - Returns: what it was before.
    @discardableResult public static func setExact(_ isExact: Bool) -> Bool { ct_set_exact(isExact) }

    /// From now on keeps the memory of freed tensors for the next ones.
    public static func keepMemory() { ct_keep_memory() }

    /// Gives the memory that is kept and not in use back to the system.
    public static func releaseMemory() { ct_release_memory() }

    /// Loads the CUDA backend from the folder that holds `libtorch_cuda.so`.
    public static func openCUDA(folder: String) throws(TorchError) {
        try load()
        try check("openCUDA", ct_open_cuda(folder))
    }

    /// Sets how CUDA devices compute: with `allowsTF32`, products of float32 keep 10 bits of the mantissa on cards that
    /// have TF32, and in any case cuDNN tries its algorithms for every new shape.
    public static func setCUDAMath(allowsTF32: Bool) throws(TorchError) {
        try load()
        try check("setCUDAMath", ct_set_cuda_math(allowsTF32))
    }

    /// 0 before ``openCUDA(folder:)`` and where there is no driver.
    public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

    /// Bytes free and in total on a CUDA device.
    public static func cudaMemory(_ index: Int) throws(TorchError) -> (free: UInt64, total: UInt64) {
        var (free, total): (UInt64, UInt64) = (0, 0)
        try check("cudaMemory", ct_cuda_memory(Int32(clamping: index), &free, &total))
        return (free, total)
    }
}
