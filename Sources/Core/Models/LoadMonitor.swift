import EngineKit
import Torch

/// Tells how far a load is, and stops it at the next tensor when it is given up.
final class LoadMonitor {
    private let progress: (LoadProgress) -> Void
    private let isCancelled: () -> Bool
    /// Bytes of everything that is to be read, and of what has been.
    private let total: Int
    private var done = 0
    private var item = ""
    private var reported = 0.0

    /// The share of the whole after which progress is told again.
    private static let grain = 0.01

    init(total: Int, progress: @escaping (LoadProgress) -> Void, isCancelled: @escaping () -> Bool) {
        self.total = max(1, total)
        self.progress = progress
        self.isCancelled = isCancelled
    }

    /// Goes on to something new.
    /// - Throws: a failure of the kind `cancelled`.
    func begin(_ item: String) throws(EngineFailure) {
        guard !isCancelled() else { throw Self.cancelled }
        self.item = item
        report()
    }

    /// Counts a tensor that is about to be read.
    /// - Throws: ``WeightsError/cancelled``.
    func willRead(_ bytes: Int) throws(WeightsError) {
        guard !isCancelled() else { throw .cancelled }
        if fraction - reported >= Self.grain { report() }
        done += bytes
    }

    private var fraction: Double { min(1, Double(done) / Double(total)) }

    private func report() {
        reported = fraction
        progress(LoadProgress(item: item, fraction: fraction))
    }

    static var cancelled: EngineFailure { EngineFailure(.cancelled, "loading was cancelled") }
}
