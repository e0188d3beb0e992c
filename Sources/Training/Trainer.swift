import EngineKit
import Torch

/// What a step needs to know.
struct StepContext {
    /// From 0.
    let step: Int
    /// How much of the training is done, 0…1.
    let fraction: Double
    /// What the learning rate is multiplied with, after losses that were not finite.
    let rateScale: Double
}

/// What a step has come to.
struct StepOutcome {
    /// The weighted sum first.
    let losses: [(name: String, value: Double)]
    let rate: Double
}

/// A measurement, before it is written.
struct Measurement {
    let measures: [(name: String, value: Double)]
    let picture: Frame?
    let captions: [String]
}

/// One kind of model in training. Steps depend on the state, the context and nothing else, so that a run that is continued
/// from a checkpoint goes on bit by bit.
protocol Trainer: AnyObject {
    /// One line about the model.
    var summary: String { get }
    /// Into how many parts a batch is split, so that it fits into memory.
    var parts: Int { get set }
    /// The most parts that a batch can be split into.
    var mostParts: Int { get }
    func step(_ context: StepContext) throws -> StepOutcome
    func measure() throws -> Measurement
    /// Everything that changes, by name, for a checkpoint.
    func state() throws -> [String: Tensor]
    /// Numbers that change, by name, for a checkpoint.
    var counters: [String: Int] { get }
    func restore(_ state: [String: Tensor], counters: [String: Int]) throws
    /// Gradients that an interrupted step has left behind.
    func discardGradients() throws
    /// The files of the model: weights, description and what else a user of it needs.
    func files() throws -> [ModelFile]
}

/// A file of the finished model.
struct ModelFile {
    let name: String
    let bytes: [UInt8]
}

extension Trainer {
    /// Runs a body on each part of a batch, and with more and smaller parts when memory runs out.
    /// - Parameter body: gets the number of parts; what it has accumulated is discarded before it is called again.
    func retryingWithLessMemory<Result>(
        note: (String) -> Void,
        _ body: (Int) throws -> Result
    ) throws -> Result {
        while true {
            do {
                return try body(parts)
            } catch let error as TorchError where error.code == .outOfMemory && parts < mostParts {
                try discardGradients()
                parts = min(mostParts, parts * 2)
                note("out of memory: the batch is now computed in \(parts) parts")
            }
        }
    }
}
