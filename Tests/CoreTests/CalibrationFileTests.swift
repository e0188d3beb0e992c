import EngineKit
import Foundation
import Testing

@testable import Core

@Suite("Calibration file")
struct CalibrationFileTests {
    @Test func measurementsComeBackAndADamagedFileIsForgotten() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "calibration-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "calibration.json")
        #expect(CalibrationFile.read(file) == CalibrationTable())
        let work = StepWork(decoding: 10, cutting: 4, looking: 8, peakBytes: 1)
        var phases = StepPhases()
        (phases.decode, phases.clip, phases.backward, phases.decoderBackward) = (1, 2, 3, 1)
        let calibration = try #require(Calibration(work, took: phases))
        let conditions = CalibrationTable.Conditions(models: "a", device: "cpu")
        try CalibrationFile.record(calibration, of: work, under: conditions, in: file)
        #expect(CalibrationFile.read(file).calibration(for: work, under: conditions) == calibration)
        try Data("{".utf8).write(to: file)
        #expect(CalibrationFile.read(file) == CalibrationTable())
    }
}
