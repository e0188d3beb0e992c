import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless
import Torch

extension Program {
    /// The device that was asked for, ready for models that are used on this thread.
    func prepareDevice() throws(EngineFailure) -> Device {
        PartsOutput.note(issues)
        let device = try DeviceSelection.device(named: device)
        try ModelParts.prepare(threads: compute.threads)
        return device
    }
}

/// What a command that uses parts of models prints.
enum PartsOutput {
    /// Runs the body and ends the program with one line if it fails.
    static func reporting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ExitCode {
            throw error
        } catch {
            throw CommandFailure(EngineFailure(describing: error).description)
        }
    }

    /// A value as one line of JSON.
    static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// What the user should know, on standard error so that the answer stays plain.
    static func note(_ lines: [String]) {
        var errors = LineOutput.standardError
        for line in lines { errors.line("note    \(line)") }
    }
}
