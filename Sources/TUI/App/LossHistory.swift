import EngineKit

/// The losses of a run, thinned out as it grows so that memory and drawing time stay bounded.
struct LossHistory: Sendable, Equatable {
    struct Sample: Sendable, Equatable {
        let step: Int
        let total: Double
        /// The loss of every prompt that had an effect, by the identity of its ``PromptList/Entry``.
        let losses: [Int: Double]
    }

    /// More samples than any terminal has columns of dots, twice over.
    static let limit = 2048

    private(set) var samples: [Sample] = []
    /// Steps between two samples that are kept.
    private(set) var stride = 1

    var isEmpty: Bool { samples.isEmpty }
    var last: Sample? { samples.last }

    /// - Parameter entries: the prompts that the engine ran with, in the order of the report's losses.
    mutating func append(_ report: StepReport, entries: [PromptList.Entry]) {
        var losses: [Int: Double] = [:]
        let audible = entries.map(\.prompt).audible
        for (index, loss) in report.losses.enumerated() where index < entries.count {
            if audible[index], entries[index].prompt.weight != 0, loss.isFinite { losses[entries[index].id] = loss }
        }
        guard report.loss.isFinite else { return }
        // A run that went back in time overwrites what it makes again.
        while let last = samples.last, last.step >= report.step { samples.removeLast() }
        // The newest sample is always kept; it gives way when the one after it comes too soon for the stride.
        if samples.count >= 2, let last = samples.last, last.step - samples[samples.count - 2].step < stride {
            samples.removeLast()
        }
        samples.append(Sample(step: report.step, total: report.loss, losses: losses))
        if samples.count > Self.limit { thin() }
    }

    private mutating func thin() {
        stride *= 2
        let last = samples.count - 1
        samples = samples.enumerated().filter { $0.offset.isMultiple(of: 2) || $0.offset == last }.map(\.element)
    }
}
