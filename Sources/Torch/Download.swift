internal import CTorch

/// A copy of a tensor's elements that is on its way to the host while the device works on. Not sendable, as tensors are
/// not.
public final class Download {
    private let handle: CTDownload
    private let byteCount: Int
    private var isEnded = false

    /// Queues the copy of the elements as they will be once the device has done what it was asked for before.
    public init(_ tensor: Tensor) throws(TorchError) {
        var handle = CTDownload(impl: nil)
        try check("Download", ct_download_begin(tensor.handle, &handle))
        self.handle = handle
        byteCount = tensor.count * tensor.type.size
    }

    deinit {
        if !isEnded { _ = ct_download_end(handle, nil, 0) }
    }

    /// Whether the elements are there.
    public var isDone: Bool { isEnded || ct_download_is_done(handle) }

    /// The elements, row-major, as they lie in memory; waits for them. May be called once.
    public func bytes() throws(TorchError) -> [UInt8] {
        guard !isEnded else {
            throw TorchError(.argument, operation: "bytes", message: "the download was taken before")
        }
        isEnded = true
        var result = [UInt8](repeating: 0, count: byteCount)
        try check("bytes", ct_download_end(handle, &result, result.count))
        return result
    }
}
