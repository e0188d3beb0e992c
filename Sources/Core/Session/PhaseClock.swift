import EngineKit

/// Says what the time of a step went into.
struct PhaseClock {
    private(set) var phases = StepPhases()
    private var last = ContinuousClock.now

    /// Counts the time since the previous lap for a phase.
    mutating func lap(_ phase: WritableKeyPath<StepPhases, Double>) {
        let now = ContinuousClock.now
        let seconds = (now - last) / .seconds(1)
        phases[keyPath: phase] += seconds
        // The CLIPs go back once per micro-batch; what comes last goes through the decoder.
        if phase == \.backward { phases.decoderBackward = seconds }
        last = now
    }
}
