/// What a run is going to take.
public struct RunEstimate: Sendable, Hashable, Codable {
    /// Highest memory in bytes.
    public let peakBytes: Double
    /// `nil` until `bench` has measured this machine.
    public let secondsPerStep: Double?
    public let steps: Int

    public init(peakBytes: Double, secondsPerStep: Double?, steps: Int) {
        self.peakBytes = peakBytes
        self.secondsPerStep = secondsPerStep
        self.steps = steps
    }

    /// Seconds of the whole run.
    public var seconds: Double? { secondsPerStep.map { $0 * Double(steps) } }
}

/// Counts the work of a step with certain models.
public protocol StepWorkCounting: Sendable {
    func work(of settings: RunSettings) -> StepWork
}

/// What is known beforehand of the cost of runs with the models that are loaded.
public struct RunCosts: Sendable {
    private let counting: any StepWorkCounting
    private let measured: CalibrationTable
    public let conditions: CalibrationTable.Conditions

    public init(counting: any StepWorkCounting, measured: CalibrationTable, conditions: CalibrationTable.Conditions) {
        self.counting = counting
        self.measured = measured
        self.conditions = conditions
    }

    /// What one step with these settings does.
    public func work(of settings: RunSettings) -> StepWork { counting.work(of: settings) }

    /// What a run with these settings is going to take.
    public func estimate(_ settings: RunSettings) -> RunEstimate {
        let work = work(of: settings)
        return RunEstimate(
            peakBytes: work.peakBytes,
            secondsPerStep: measured.calibration(for: work, under: conditions)?.seconds(of: work),
            steps: settings.steps
        )
    }
}
