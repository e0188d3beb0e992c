/// How a tensor that no file has begins.
public enum InitialValues: Sendable, Hashable {
    case constant(Double)
    /// Uniform in -bound…bound.
    case uniform(bound: Double)
    /// Normal around 0.
    case normal(deviation: Double)
}

/// The tensors of a model that is trained, under the keys of its weight file.
///
/// Building a model from ``Weights/init(_:prefix:device:training:)`` fills it: the layers hold the very tensors that are
/// here, so changing them in place changes the model.
public final class ParameterSet {
    /// What the gradient changes, by key.
    public private(set) var trained: [String: Tensor] = [:]
    /// What is saved with the model but has no gradient, by key: statistics, codebooks, frozen parts.
    public private(set) var fixed: [String: Tensor] = [:]
    /// How far each forward pass moves the running statistics of batch normalisation towards those of its batch, 0…1;
    /// `nil` uses the running ones, as inference does.
    public var statisticsMomentum: Double?

    private let isFrozen: (String) -> Bool
    private let initialValues: ((_ key: String, _ shape: [Int]) -> InitialValues)?
    private let seed: UInt64

    /// - Parameters:
    ///   - isFrozen: whether the tensor of a key is to stay as it is.
    ///   - initialValues: how tensors begin that the source lacks; `nil` makes a missing tensor an error.
    public init(
        seed: UInt64 = 0,
        isFrozen: @escaping (String) -> Bool = { _ in false },
        initialValues: ((_ key: String, _ shape: [Int]) -> InitialValues)? = nil
    ) {
        self.seed = seed
        self.isFrozen = isFrozen
        self.initialValues = initialValues
    }

    /// Everything under its key.
    public var all: [String: Tensor] { trained.merging(fixed) { first, _ in first } }

    /// Trained tensors in the order of their keys.
    public var leaves: [Tensor] { trained.sorted { $0.key < $1.key }.map(\.value) }

    public func clearGradients() throws(TorchError) {
        for tensor in trained.values { try tensor.clearGradient() }
    }

    var makesMissing: Bool { initialValues != nil }

    /// A new tensor of the shape, which depends on the key, the seed and nothing else.
    func make(_ key: String, _ shape: [Int], _ device: Device) throws(TorchError) -> Tensor {
        let seed = Self.mixed(seed, key)
        let values: Tensor
        switch initialValues?(key, shape) ?? .constant(0) {
        case .constant(let value): values = try Tensor.full(value, shape: shape)
        case .uniform(let bound): values = try Tensor.uniform(shape, seed: seed) * (2 * bound) - bound
        case .normal(let deviation): values = try Tensor.normal(shape, seed: seed) * deviation
        }
        return try adopt(values.converted(on: device), as: key)
    }

    /// Remembers a copy of a tensor; whoever asks again for the key gets the same one.
    func adopt(_ tensor: Tensor, as key: String) throws(TorchError) -> Tensor {
        if let known = trained[key] ?? fixed[key] { return known }
        // A copy, since a conversion that changes nothing shares memory with the source.
        let own = try tensor.detached().cloned().contiguous(channelsLast: true)
        if Self.isStatistic(key) || isFrozen(key) {
            fixed[key] = own
        } else {
            trained[key] = try own.requiringGradient()
        }
        return own
    }

    private static func isStatistic(_ key: String) -> Bool {
        key.hasSuffix(".running_mean") || key.hasSuffix(".running_var")
    }

    /// FNV-1a over the key, started with the seed.
    private static func mixed(_ seed: UInt64, _ key: String) -> UInt64 {
        key.utf8.reduce(0xCBF2_9CE4_8422_2325 ^ seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
