import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless

/// `vqclip-tui bench`: what a step costs on this machine.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure seconds per step and memory by picture size on this machine.",
        discussion: """
            Times are medians over the steps after the first; memory is the highest of the whole process, beside what was \
            expected. The figures are kept: what a run takes is then known before it starts.

            EXAMPLES
              vqclip-tui bench
              vqclip-tui bench --sizes 128x128 192x192 --cuts 16 --bench-steps 30
              vqclip-tui bench --json
            """
    )

    @OptionGroup var painting: PaintingOptions

    @Option(parsing: .upToNextOption, help: "Picture sizes, small ones first.")
    var sizes = ["128x128", "192x192", "256x256"]

    @Option(help: "Steps per size, of which the first does not count.")
    var benchSteps = 15

    @Flag(help: "One JSON object a line.")
    var json = false

    func validate() throws {
        _ = try painting.settings()
        if painting.steps != nil { throw ValidationError("bench takes --bench-steps instead of --steps.") }
        if painting.size != nil { throw ValidationError("bench takes --sizes instead of --size.") }
        _ = try pictureSizes()
        guard (3...10_000).contains(benchSteps) else { throw ValidationError("--bench-steps takes 3 to 10000.") }
    }

    func run() throws {
        let program = try Program(painting)
        var output = LineOutput.standardOutput
        if !json { output.line(Benchmark.Measurement.header) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let folder = FileManager.default.temporaryDirectory.appending(path: "vqclip-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            let engine = try program.makeEngine()
            defer { _ = engine.shutdown(timeout: .seconds(5)) }
            try Benchmark(engine: engine, folder: folder.path, record: record(program.folders.calibrationFile)).run(
                program.models,
                sizes: try pictureSizes(),
                steps: benchSteps,
                settings: program.settings
            ) { measurement in
                if json, let data = try? encoder.encode(measurement) {
                    output.line(String(decoding: data, as: UTF8.self))
                } else {
                    output.line(measurement.line)
                }
            }
        } catch {
            throw CommandFailure(EngineFailure(describing: error).description)
        }
    }

    /// Keeps measurements for the estimates that come before a run, which has all threads; without a place for them there
    /// are none.
    private func record(_ file: URL) -> Benchmark.Recorder {
        { calibration, work, conditions in
            guard painting.devices.threads == nil else { return }
            do {
                try CalibrationFile.record(calibration, of: work, under: conditions, in: file)
            } catch {
                var errors = LineOutput.standardError
                errors.line("not kept for estimates: \(EngineFailure(describing: error))")
            }
        }
    }

    private func pictureSizes() throws -> [PictureSize] {
        var pictureSizes: [PictureSize] = []
        for text in sizes {
            var settings = RunSettings()
            do {
                try settings.set(.size, to: text)
            } catch {
                throw ValidationError("--sizes: \(error.message)")
            }
            pictureSizes.append(settings.size)
        }
        return pictureSizes
    }
}
