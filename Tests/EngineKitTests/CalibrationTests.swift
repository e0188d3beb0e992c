import Testing

@testable import EngineKit

@Suite("Calibration")
struct CalibrationTests {
    private func work(_ decoding: Double, looking: Double = 8) -> StepWork {
        StepWork(decoding: decoding, cutting: 4, looking: looking, peakBytes: 1)
    }

    private var phases: StepPhases {
        var phases = StepPhases()
        (phases.decode, phases.cutouts, phases.clip) = (2, 1, 4)
        (phases.backward, phases.decoderBackward, phases.rest) = (9, 5, 0.5)
        return phases
    }

    private func conditions(_ models: String, device: String = "cpu") -> CalibrationTable.Conditions {
        CalibrationTable.Conditions(models: models, device: device)
    }

    @Test func whatWasMeasuredIsEstimated() throws {
        let calibration = try #require(Calibration(work(10), took: phases))
        #expect(abs(calibration.seconds(of: work(10)) - 16.5) < 1e-12)
        // Twice the picture doubles decoding and its backward, twice the cutouts the rest.
        #expect(abs(calibration.seconds(of: work(20)) - 23.5) < 1e-12)
        #expect(abs(calibration.seconds(of: work(10, looking: 16)) - 24.5) < 1e-12)
    }

    @Test func nothingMeasuredGivesNothing() {
        #expect(Calibration(work(10), took: StepPhases()) == nil)
    }

    @Test func theNearestSizeOfTheSameModelsCounts() throws {
        var table = CalibrationTable()
        for (size, rest) in [(1.0, 1.0), (10, 2), (100, 3)] {
            var phases = phases
            phases.rest = rest
            table.record(try #require(Calibration(work(size), took: phases)), of: work(size), under: conditions("a"))
        }
        #expect(table.calibration(for: work(20), under: conditions("a"))?.rest == 2)
        #expect(table.calibration(for: work(1000), under: conditions("a"))?.rest == 3)
        #expect(table.calibration(for: work(1), under: conditions("b"))?.rest == 1, "other models, same device")
        #expect(table.calibration(for: work(1), under: conditions("a", device: "cuda:0")) == nil)
    }

    @Test func aNewMeasurementReplacesTheOld() throws {
        var table = CalibrationTable()
        for rest in [1.0, 2] {
            var phases = phases
            phases.rest = rest
            table.record(try #require(Calibration(work(10), took: phases)), of: work(10), under: conditions("a"))
        }
        #expect(table.entries.count == 1)
        #expect(table.calibration(for: work(10), under: conditions("a"))?.rest == 2)
    }
}
