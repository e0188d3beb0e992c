import EngineKit

/// Says what the time of a step went into.
struct PhaseClock {
    private(set) var phases = StepPhases()
    private var last = ContinuousClock.now

    /// Counts the time since the previous lap for a phase.
    mutating func lap(_ phase: WritableKeyPath<StepPhases, Double>) {
        let now = ContinuousClock.now
        phases[keyPath: phase] += (now - last) / .seconds(1)
        last = now
    }
}
