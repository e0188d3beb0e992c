public import EngineKit
public import Foundation
import Media

/// What was measured on this machine, as JSON in the program's state folder.
public enum CalibrationFile {
    /// The measurements; none where the file is missing or makes no sense, since `bench` can make them again.
    public static func read(_ file: URL) -> CalibrationTable {
        guard let data = FileManager.default.contents(atPath: file.path),
            let table = try? JSONDecoder().decode(CalibrationTable.self, from: data)
        else { return CalibrationTable() }
        return table
    }

    /// Adds a measurement.
    /// - Throws: ``FileWriteError``.
    public static func record(
        _ calibration: Calibration,
        of work: StepWork,
        under conditions: CalibrationTable.Conditions,
        in file: URL
    ) throws {
        var table = read(file)
        table.record(calibration, of: work, under: conditions)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write(Array(try encoder.encode(table)), to: file.path, overwrite: true)
    }
}
