public import WeightFiles

/// Why weights could not be used.
public enum WeightsError: Error, Sendable, CustomStringConvertible {
    /// The file is not there, not readable, or no weight file.
    case unreadable(WeightFileError)
    /// The file does not hold what it should; the problem goes on after the path.
    case file(path: String, problem: String)
    /// A tensor is not in the file; `expected` is the shape that it would have had, where that is known, and `nearest`
    /// the key most like it.
    case missing(key: String, expected: [Int]?, path: String, nearest: String?)
    case shape(key: String, expected: [Int], actual: [Int])
    case type(key: String, problem: String)
    /// Tensors that no part of the model asked for, with their shapes.
    case unused(_ tensors: [(key: String, shape: [Int])], path: String)
    case torch(TorchError)
    /// Reading was given up before its end.
    case cancelled

    public var description: String {
        switch self {
        case .unreadable(let error): return error.summary
        case .file(let path, let problem): return "\(path) \(problem)"
        case .missing(let key, let expected, let path, let nearest):
            let shape = expected.map { " \($0)" } ?? ""
            let hint = nearest.map { "; the nearest key is \($0)" } ?? ""
            return "\(path) has no tensor \(key)\(shape)\(hint)"
        case .shape(let key, let expected, let actual):
            return "\(key) has the shape \(actual), not \(expected)"
        case .type(let key, let problem): return "\(key): \(problem)"
        case .unused(let tensors, let path):
            let some = tensors.prefix(3).map { "\($0.key) \($0.shape)" }.joined(separator: ", ")
            let more = tensors.count > 3 ? " and \(tensors.count - 3) more" : ""
            return "\(path) has tensors that the model does not use: \(some)\(more)"
        case .torch(let error): return error.description
        case .cancelled: return "loading was cancelled"
        }
    }
}

/// Runs operations on tensors, turning their errors into ``WeightsError/torch(_:)``.
func weightsErrors<Result>(_ body: () throws(TorchError) -> Result) throws(WeightsError) -> Result {
    do {
        return try body()
    } catch {
        throw .torch(error)
    }
}
