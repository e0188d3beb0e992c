import WeightFiles

/// Tensors as the contents of a safetensors file.
public enum Safetensors {
    /// The file's bytes for tensors in their stored types.
    /// - Throws: ``WeightsError`` when a tensor cannot be copied.
    public static func encode(
        _ tensors: [String: Tensor],
        metadata: [String: String] = [:]
    ) throws(WeightsError) -> [UInt8] {
        var infos: [String: TensorInfo] = [:]
        for (key, tensor) in tensors {
            guard let info = TensorInfo(type: tensor.type.elementType, shape: tensor.shape) else {
                throw .type(key: key, problem: "the shape \(tensor.shape) does not fit a safetensors file")
            }
            infos[key] = info
        }
        let writer = SafetensorsWriter(infos, metadata: metadata)
        var result = writer.header
        result.reserveCapacity(writer.fileSize)
        for key in writer.order {
            guard let tensor = tensors[key] else { continue }
            result += try weightsErrors { () throws(TorchError) in try tensor.rawBytes() }
        }
        return result
    }
}
