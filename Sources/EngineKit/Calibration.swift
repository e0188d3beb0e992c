/// What one step does, counted from the shapes of the models.
public struct StepWork: Sendable, Hashable {
    /// Floating-point operations of the decoder, forward.
    public var decoding: Double
    /// How many of them backward computes a second time, to keep less.
    public var decodingAgain: Double
    /// Pixels of all cutouts.
    public var cutting: Double
    /// Floating-point operations of all image towers on all cutouts, forward.
    public var looking: Double
    /// Highest memory in bytes: of the process, or of a GPU's share that the run has.
    public var peakBytes: Double

    public init(decoding: Double, decodingAgain: Double = 0, cutting: Double, looking: Double, peakBytes: Double) {
        self.decoding = decoding
        self.decodingAgain = decodingAgain
        self.cutting = cutting
        self.looking = looking
        self.peakBytes = peakBytes
    }
}

/// Seconds that each kind of work takes on one machine, as `bench` has measured them.
public struct Calibration: Sendable, Hashable, Codable {
    /// Per operation of the decoder, forward and backward.
    public var decoding: Double
    public var decodingBackward: Double
    /// Per pixel of the cutouts, forward.
    public var cutting: Double
    /// Per operation of the image towers, forward; backward with that of their cutouts.
    public var looking: Double
    public var lookingBackward: Double
    /// Per step, whatever its size.
    public var rest: Double

    /// Divides what a step took by what it did.
    /// - Returns: `nil` when nothing was measured.
    public init?(_ work: StepWork, took phases: StepPhases) {
        guard work.decoding > 0, work.cutting > 0, work.looking > 0, phases.decode > 0, phases.clip > 0 else {
            return nil
        }
        decoding = phases.decode / work.decoding
        decodingBackward = max(
            0,
            phases.decoderBackward / work.decoding - decoding * work.decodingAgain / work.decoding
        )
        cutting = phases.cutouts / work.cutting
        looking = phases.clip / work.looking
        lookingBackward = (phases.backward - phases.decoderBackward) / work.looking
        rest = phases.rest
    }

    /// Seconds of a step.
    public func seconds(of work: StepWork) -> Double {
        (work.decoding + work.decodingAgain) * decoding + work.decoding * decodingBackward + work.cutting * cutting
            + work.looking * (looking + lookingBackward) + rest
    }
}

/// All that was measured on a machine.
public struct CalibrationTable: Sendable, Hashable, Codable {
    /// What a measurement holds for.
    public struct Conditions: Sendable, Hashable, Codable {
        /// What the models are, in words.
        public var models: String
        /// Such as `cpu` or `cuda:0`.
        public var device: String

        public init(models: String, device: String) {
            self.models = models
            self.device = device
        }
    }

    struct Entry: Sendable, Hashable, Codable {
        var conditions: Conditions
        /// Operations of the decoder, which tell sizes apart.
        var decoding: Double
        var calibration: Calibration
    }

    private(set) var entries: [Entry] = []

    public init() {}

    /// Takes the place of what was measured under these conditions at this size.
    public mutating func record(_ calibration: Calibration, of work: StepWork, under conditions: Conditions) {
        entries.removeAll { $0.conditions == conditions && $0.decoding == work.decoding }
        entries.append(Entry(conditions: conditions, decoding: work.decoding, calibration: calibration))
    }

    /// What was measured under these conditions at the size nearest to some work, or else with other models on the same
    /// device.
    public func calibration(for work: StepWork, under conditions: Conditions) -> Calibration? {
        let exact = entries.filter { $0.conditions == conditions }
        let candidates = exact.isEmpty ? entries.filter { $0.conditions.device == conditions.device } : exact
        func distance(_ entry: Entry) -> Double {
            let (a, b) = (max(entry.decoding, 1), max(work.decoding, 1))
            return max(a / b, b / a)
        }
        return candidates.min { distance($0) < distance($1) }?.calibration
    }
}
