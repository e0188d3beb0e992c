public import WeightFiles

/// The tensors of a weight file of any format, read when they are asked for.
public final class FileStateDict: StateDict {
    public let file: WeightFile

    public init(_ file: WeightFile) { self.file = file }

    /// Opens a file and reads its headers.
    /// - Throws: ``WeightsError/unreadable(_:)`` naming what is wrong with the file.
    public convenience init(path: String) throws(WeightsError) {
        do {
            self.init(try WeightFile(path: path))
        } catch {
            throw .unreadable(error)
        }
    }

    public var path: String { file.path }

    public var keys: [String] { file.keys }

    public var metadata: [String: String] { file.metadata }

    public func shape(of key: String) -> [Int]? { file.info(key)?.shape }

    /// A tensor in its stored type, read straight into its memory.
    public func tensor(_ key: String) throws(WeightsError) -> Tensor {
        guard let info = file.info(key) else { throw .missing(key: key, expected: nil, path: path, nearest: nil) }
        let tensor = try weightsErrors { () throws(TorchError) in
            try Tensor.uninitialized(info.shape, type: ScalarType(info.type))
        }
        try tensor.fill { (buffer) throws(WeightsError) in
            do throws(WeightFileError) {
                try file.read(key, into: buffer)
            } catch {
                throw .unreadable(error)
            }
        }
        return tensor
    }
}

extension ScalarType {
    /// The type of the elements of a weight file.
    init(_ type: ElementType) {
        self =
            switch type {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            case .float64: .float64
            case .int64: .int64
            case .int32: .int32
            case .int16: .int16
            case .int8: .int8
            case .uint8: .uint8
            case .bool: .bool
            }
    }

    /// The same type in a weight file.
    public var elementType: ElementType {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float64: .float64
        case .int64: .int64
        case .int32: .int32
        case .int16: .int16
        case .int8: .int8
        case .uint8: .uint8
        case .bool: .bool
        }
    }
}
