internal import CTorch

/// A failure inside libtorch.
public struct TorchError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable {
        case argument, index, type, unsupported, outOfMemory, torch, unknown, notLoaded
    }

    public let code: Code
    /// The function that failed.
    public let operation: String
    /// libtorch's first line about it.
    public let message: String

    public init(_ code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    public var description: String { "\(operation): \(message)" }

    init(status: CTStatus, operation: StaticString) {
        let code: Code =
            switch Int(status) {
            case CT_ERR_ARGUMENT: .argument
            case CT_ERR_INDEX: .index
            case CT_ERR_TYPE: .type
            case CT_ERR_UNSUPPORTED: .unsupported
            case CT_ERR_OUT_OF_MEMORY: .outOfMemory
            case CT_ERR_TORCH: .torch
            case CT_ERR_NOT_LOADED: .notLoaded
            default: .unknown
            }
        let text = String(cString: ct_last_error_message())
        let firstLine = text.split(separator: "\n", maxSplits: 1).first.map(String.init) ?? "no reason given"
        self.init(code, operation: "\(operation)", message: firstLine)
    }
}

/// Calls the shim and throws what it reports. The only places that see a status are here.
@inline(__always)
func check(_ operation: StaticString = #function, _ status: CTStatus) throws(TorchError) {
    if status != CT_OK { throw TorchError(status: status, operation: operation) }
}

/// Calls a function of the shim that makes a tensor, having loaded libtorch.
@inline(__always)
func makeTensor(
    _ operation: StaticString = #function,
    _ body: (UnsafeMutablePointer<CTTensor>) -> CTStatus
) throws(TorchError) -> Tensor {
    try Runtime.load()
    var handle = CTTensor(impl: nil)
    let status = body(&handle)
    guard status == CT_OK else { throw TorchError(status: status, operation: operation) }
    return Tensor(owning: handle)
}

/// Calls a function of the shim that makes a tensor, or the undefined tensor where it has no way to.
@inline(__always)
func makeOptionalTensor(
    _ operation: StaticString = #function,
    _ body: (UnsafeMutablePointer<CTTensor>) -> CTStatus
) throws(TorchError) -> Tensor? {
    var handle = CTTensor(impl: nil)
    let status = body(&handle)
    guard status == CT_OK else { throw TorchError(status: status, operation: operation) }
    return handle.impl == nil ? nil : Tensor(owning: handle)
}
