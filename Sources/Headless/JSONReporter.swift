public import EngineKit
import Foundation

/// One JSON object a line: `start`, `step`, `note`, `saved`, `done` and `error` events.
public struct JSONReporter: RunReporter {
    private struct Start: Encodable {
        let event = "start"
        let prompts: [String]
        let settings: [String: String]
        let model: String
        let folder: String
        let notes: [String]
    }

    private struct Step: Encodable {
        let event = "step"
        let step: Int
        let total: Int
        let loss: Double
        let losses: [Double]
        let seconds: Double
        let learningRate: Double
        let residentBytes: UInt64
    }

    private struct Note: Encodable {
        let event = "note"
        let message: String
    }

    private struct Saved: Encodable {
        let event = "saved"
        let kind: String
        let path: String
        let step: Int
    }

    private struct Done: Encodable {
        let event = "done"
        let steps: Int
        let loss: Double?
        let seconds: Double
        let interrupted: Bool
    }

    private struct Failure: Encodable {
        let event = "error"
        let kind: String
        let message: String
        let hint: String?
    }

    private var output: LineOutput
    private let encoder = JSONEncoder()

    public init(output: LineOutput) {
        self.output = output
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    public func loading(_ progress: LoadProgress) {}

    public mutating func started(_ run: RunDescription, model: String) {
        let settings = SettingKey.allCases.map { ($0.rawValue, run.settings.value(of: $0)) }
        write(
            Start(
                prompts: run.prompts.map(PromptParser.source(of:)),
                settings: Dictionary(uniqueKeysWithValues: settings),
                model: model,
                folder: run.folder,
                notes: run.notes
            )
        )
    }

    public mutating func step(_ report: StepReport) {
        write(
            Step(
                step: report.step,
                total: report.total,
                loss: report.loss,
                losses: report.losses,
                seconds: report.seconds,
                learningRate: report.learningRate,
                residentBytes: report.residentBytes
            )
        )
    }

    public mutating func saved(_ file: SavedFile) {
        write(Saved(kind: file.kind.rawValue, path: file.path, step: file.step))
    }

    public mutating func note(_ text: String) { write(Note(message: text)) }

    public mutating func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool) {
        write(Done(steps: steps, loss: loss, seconds: seconds, interrupted: wasInterrupted))
    }

    public mutating func failed(_ failure: EngineFailure) {
        write(Failure(kind: failure.kind.rawValue, message: failure.summary, hint: failure.hint))
    }

    private mutating func write(_ value: some Encodable) {
        if let data = try? encoder.encode(value) { output.line(String(decoding: data, as: UTF8.self)) }
    }
}
