import ModelFormats
import Torch

/// The tensors of a recognised model under the names of taming-transformers or OpenAI, whatever its file calls them.
final class MappedStateDict: StateDict {
    private let base: any StateDict
    private let sources: [String: TensorSource]
    /// Told the bytes of each tensor before it is read; throws to stop there.
    var willRead: ((_ bytes: Int) throws(WeightsError) -> Void)?

    init(_ base: any StateDict, _ model: RecognizedModel) {
        self.base = base
        sources = model.sources
    }

    var path: String { base.path }

    var keys: [String] { sources.keys.sorted() }

    var metadata: [String: String] { base.metadata }

    func shape(of key: String) -> [Int]? { sources[key]?.shape { base.shape(of: $0) } }

    func tensor(_ key: String) throws(WeightsError) -> Tensor {
        guard let source = sources[key] else { throw .missing(key: key, expected: nil, path: path, nearest: nil) }
        if let shape = shape(of: key) { try willRead?(4 * shape.reduce(1, *)) }
        switch source {
        case .stored(let name): return try base.tensor(name)
        case .transposed(let name):
            let stored = try base.tensor(name)
            return try torch { () throws(TorchError) in try stored.transposed(0, 1).contiguous() }
        case .joined(let names):
            var parts: [Tensor] = []
            for name in names { parts.append(try base.tensor(name)) }
            return try torch { () throws(TorchError) in try Tensor.concatenate(parts) }
        }
    }

    private func torch(_ body: () throws(TorchError) -> Tensor) throws(WeightsError) -> Tensor {
        do {
            return try body()
        } catch {
            throw .torch(error)
        }
    }
}
