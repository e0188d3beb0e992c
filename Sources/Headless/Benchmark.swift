public import EngineKit
import Foundation

/// Measures seconds per step and memory of short runs at several sizes.
public struct Benchmark {
    /// What one size has cost.
    public struct Measurement: Sendable, Codable, Equatable {
        public let size: String
        /// Median over the steps after the first, which warms up.
        public let secondsPerStep: Double
        /// Medians of what the steps' time went into.
        public let phases: StepPhases
        /// Highest resident memory of the process during the run, in bytes.
        public let peakBytes: UInt64
        /// What was expected before the run, if anything was.
        public let estimate: RunEstimate?
    }

    /// What a run has told about the machine.
    public typealias Recorder = (Calibration, StepWork, CalibrationTable.Conditions) -> Void

    private let engine: any Engine
    private let folder: String
    private let record: Recorder

    /// - Parameters:
    ///   - folder: where the runs may leave their files.
    ///   - record: keeps what was measured for later estimates.
    public init(engine: any Engine, folder: String, record: @escaping Recorder = { _, _, _ in }) {
        self.engine = engine
        self.folder = folder
        self.record = record
    }

    /// Loads the models and makes one run per size.
    /// - Parameters:
    ///   - settings: the user's own; the size of each run wins over theirs.
    ///   - onMeasurement: called after each size.
    /// - Throws: ``EngineFailure`` or ``SettingError``.
    public func run(
        _ models: ModelChoice,
        sizes: [PictureSize],
        steps: Int,
        settings: [SettingKey: String],
        onMeasurement: (Measurement) -> Void
    ) throws {
        engine.send(.load(models))
        var recommended: [SettingKey: String] = [:]
        var costs: RunCosts?
        try wait { event in
            guard case .loaded(let model) = event else { return false }
            (recommended, costs) = (model.recommended, model.costs)
            return true
        }
        for size in sizes {
            var resolved = RunSettings()
            try resolved.apply(recommended)
            try resolved.apply(settings)
            resolved.size = size
            resolved.steps = steps
            resolved.previewEvery = steps
            onMeasurement(try measure(resolved, costs))
        }
    }

    private func measure(_ settings: RunSettings, _ costs: RunCosts?) throws -> Measurement {
        let prompts = [Prompt(.text("a lighthouse in a storm"))]
        ResidentPeak.reset()
        engine.send(.start(RunRequest(prompts: prompts, settings: settings, folder: folder)))
        var reports: [StepReport] = []
        var settings = settings
        try wait { event in
            switch event {
            case .started(let run): settings = run.settings
            case .step(let report) where report.step > 1: reports.append(report)
            default: break
            }
            if case .phase(.finished) = event { return true }
            return false
        }
        let phases = Self.median(reports.map(\.phases))
        if let costs, let calibration = Calibration(costs.work(of: settings), took: phases) {
            record(calibration, costs.work(of: settings), costs.conditions)
        }
        return Measurement(
            size: settings.size.description,
            secondsPerStep: Self.median(reports.map(\.seconds)),
            phases: phases,
            peakBytes: ResidentPeak.bytes,
            estimate: costs?.estimate(settings)
        )
    }

    /// Takes events until the body says it has what it needs.
    private func wait(until isDone: (EngineEvent) -> Bool) throws {
        while true {
            guard engine.outbox.wait(timeout: .seconds(1)) else { continue }
            for event in engine.outbox.drain().events {
                if case .failed(let failure) = event { throw failure }
                if isDone(event) { return }
            }
        }
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    private static func median(_ phases: [StepPhases]) -> StepPhases {
        var result = StepPhases()
        for phase in [\StepPhases.decode, \.cutouts, \.clip, \.backward, \.decoderBackward, \.rest] {
            result[keyPath: phase] = median(phases.map { $0[keyPath: phase] })
        }
        return result
    }
}

/// The highest resident memory of the process, from /proc.
enum ResidentPeak {
    /// Begins anew from what is resident now. Where the kernel does not allow it, the peak stays that of the process.
    static func reset() {
        let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, "5", 1)
        close(file)
    }

    static var bytes: UInt64 {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt64($0) }
        return (kibibytes ?? 0) * 1024
    }
}

extension Benchmark.Measurement {
    /// A line of the table, under ``header``.
    public var line: String {
        let name = size.padding(12)
        let seconds = Figures.rounded(secondsPerStep, digits: 3).padding(12)
        let rate = Figures.rounded(1 / max(secondsPerStep, 1e-9), digits: 2).padding(10)
        let expected = estimate.map { " of \(Int($0.peakBytes) >> 20)" } ?? ""
        let memory = "\(peakBytes >> 20)\(expected) MiB".padding(19)
        let parts = [phases.decode, phases.cutouts, phases.clip, phases.backward]
        return name + seconds + rate + memory + parts.map { Figures.rounded($0, digits: 3).padding(9) }.joined()
    }

    public static var header: String {
        "size".padding(12) + "s/step".padding(12) + "steps/s".padding(10) + "peak memory".padding(19)
            + ["decode", "cutouts", "CLIP", "backward"].map { $0.padding(9) }.joined()
    }
}

extension String {
    /// Filled with spaces up to a width.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
