internal import CTorch

/// What lies beyond an edge when padding.
public enum Padding: Int32, Sendable {
    case zeros, reflect, replicate
}

extension Tensor {
    /// The same elements in another shape; one size may be -1.
    public func reshaped(_ shape: [Int]) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_reshape(handle, shape.map(Int64.init), Int32(shape.count), $0) }
    }

    /// The dimensions in another order.
    public func permuted(_ order: Int...) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_permute(handle, order.map(Int64.init), Int32(order.count), $0) }
    }

    /// Two dimensions exchanged; negative ones count from the end.
    public func transposed(_ a: Int, _ b: Int) throws(TorchError) -> Tensor {
        let rank = shape.count
        guard (-rank..<rank).contains(a), (-rank..<rank).contains(b) else {
            throw TorchError(.index, operation: "transposed", message: "\(rank) dimensions have no \(a) and \(b)")
        }
        var order = (0..<rank).map(Int64.init)
        order.swapAt((a + rank) % rank, (b + rank) % rank)
        return try makeTensor { ct_tensor_permute(handle, order, Int32(order.count), $0) }
    }

    /// Dimensions of size 1 repeated without copying.
    public func expanded(_ shape: [Int]) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_expand(handle, shape.map(Int64.init), Int32(shape.count), $0) }
    }

    /// `length` entries of a dimension from `start` on, sharing memory.
    public func slice(_ dimension: Int, from start: Int, length: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_slice(handle, Int64(dimension), Int64(start), Int64(length), $0) }
    }

    /// The entries of a dimension at the given indices.
    public func selecting(_ dimension: Int, _ indices: Tensor) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_select(handle, Int64(dimension), indices.handle, $0) }
    }

    public static func concatenate(_ tensors: [Tensor], _ dimension: Int = 0) throws(TorchError) -> Tensor {
        try withExtendedLifetime(tensors) { () throws(TorchError) -> Tensor in
            try makeTensor {
                ct_tensor_concatenate(tensors.map(\.handle), Int32(tensors.count), Int64(dimension), $0)
            }
        }
    }

    public func flipped(_ dimension: Int) throws(TorchError) -> Tensor {
        try makeTensor { ct_tensor_flip(handle, Int64(dimension), $0) }
    }

    /// Pads the last dimensions by pairs (before, after), from the last dimension backwards.
    public func padded(_ amounts: [Int], _ mode: Padding = .zeros) throws(TorchError) -> Tensor {
        try makeTensor {
            ct_tensor_pad(handle, amounts.map(Int64.init), Int32(amounts.count), mode.rawValue, 0, $0)
        }
    }
}
