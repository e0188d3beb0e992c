import EngineKit
import Foundation
import Torch

/// AdamW over the parameters of a model, with a moving average of them, which is what is measured and saved.
final class ModelOptimizer {
    let parameters: ParameterSet
    private var settings: AdamW
    private let averageDecay: Double
    private let first: [String: Tensor]
    private let second: [String: Tensor]
    /// Moving averages of the trained parameters and of running statistics, by key.
    let averages: [String: Tensor]
    /// Steps made.
    private(set) var count = 0

    /// - Parameters:
    ///   - settings: its decay is for matrices and kernels only.
    ///   - averageDecay: of the moving average, once it has seen enough steps.
    init(_ parameters: ParameterSet, _ settings: AdamW, averageDecay: Double) throws(TorchError) {
        self.parameters = parameters
        self.settings = settings
        self.averageDecay = averageDecay
        var (first, second, averages): ([String: Tensor], [String: Tensor], [String: Tensor]) = ([:], [:], [:])
        for (key, tensor) in parameters.trained {
            // Products keep the order in memory, which zeros of the same shape may not.
            (first[key], second[key]) = (try tensor.detached() * 0, try tensor.detached() * 0)
            averages[key] = try tensor.detached().cloned()
        }
        for (key, tensor) in parameters.fixed where key.hasSuffix(".running_mean") || key.hasSuffix(".running_var") {
            averages[key] = try tensor.cloned()
        }
        (self.first, self.second, self.averages) = (first, second, averages)
    }

    /// Moves the parameters against their gradients and clears these.
    /// - Parameter limit: longer gradients are shortened to it.
    /// - Returns: the gradient's length.
    /// - Throws: ``TrainingError/notFinite`` with everything as it was, when the gradient is not.
    func step(rate: Double, limit: Double) throws -> Double {
        let leaves = parameters.leaves
        let norm = try Tensor.clipGradients(of: leaves, to: limit)
        guard norm.isFinite else { throw TrainingError.notFinite }
        count += 1
        var settings = settings
        settings.rate = rate
        for (key, parameter) in parameters.trained {
            guard let gradient = try parameter.gradient(), let first = first[key], let second = second[key] else {
                continue
            }
            settings.decay = parameter.shape.count > 1 ? self.settings.decay : 0
            try settings.update(parameter, gradient: gradient, first: first, second: second, step: count)
        }
        try parameters.clearGradients()
        let decay = min(averageDecay, Double(1 + count) / Double(10 + count))
        let all = parameters.all
        for (key, average) in averages {
            if let value = all[key] { try average.move(towards: value.detached(), by: 1 - decay) }
        }
        return norm
    }

    /// Runs a body in which the model has the averaged parameters and the running statistics.
    func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
        let all = parameters.all
        let momentum = parameters.statisticsMomentum
        parameters.statisticsMomentum = nil
        var kept: [String: Tensor] = [:]
        for key in averages.keys { kept[key] = try all[key]?.detached().cloned() }
        defer { parameters.statisticsMomentum = momentum }
        for (key, average) in averages { try all[key]?.assign(average) }
        let result = Swift.Result { try body() }
        for (key, value) in kept { try all[key]?.assign(value) }
        return try result.get()
    }

    /// What a checkpoint needs, by name.
    func state() throws(TorchError) -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (key, tensor) in parameters.all { state["value.\(key)"] = try tensor.detached() }
        for (key, tensor) in first { state["first.\(key)"] = tensor }
        for (key, tensor) in second { state["second.\(key)"] = tensor }
        for (key, tensor) in averages { state["average.\(key)"] = tensor }
        return state
    }

    /// Takes over what ``state()`` gave.
    /// - Throws: ``EngineFailure`` when something is missing or of another shape.
    func restore(_ state: [String: Tensor], count: Int) throws {
        for (name, tensor) in try self.state() {
            guard let saved = state[name], saved.shape == tensor.shape else {
                throw EngineFailure(.file, "the checkpoint lacks \(name)", hint: "it is of another version; start anew")
            }
            try tensor.assign(saved)
        }
        self.count = count
    }

    /// The averaged model: what is saved for use, by key.
    var result: [String: Tensor] { parameters.all.merging(averages) { $1 } }
}

/// Why a step of training came to nothing.
enum TrainingError: Error, Sendable {
    /// A loss or gradient is infinite or not a number.
    case notFinite
}

/// The learning rate: a linear warm-up, then half a cosine down to a small remainder ("SGDR", Loshchilov and Hutter,
/// 2017, without restarts).
struct RateSchedule: Sendable {
    let rate: Double
    let warmupSteps: Int
    let remainder = 0.02

    /// - Parameters:
    ///   - step: from 0.
    ///   - fraction: how much of the training is done, 0…1.
    func rate(step: Int, fraction: Double) -> Double {
        let warmup = min(1, Double(step + 1) / Double(max(1, warmupSteps)))
        let cosine = (1 + cos(.pi * min(1, max(0, fraction)))) / 2
        return rate * warmup * (remainder + (1 - remainder) * cosine)
    }
}
