import Dispatch
import EngineKit
import Foundation
import Glibc
import Headless
import ScriptedEngine
import Synchronization

/// A pipe whose text is collected while a run writes to it.
final class CollectedOutput {
    let output: LineOutput
    private let ends: [Int32]
    private let reader = DispatchQueue(label: "reader")
    private let collected = Collected()

    private final class Collected: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    init() {
        var ends: [Int32] = [-1, -1]
        _ = pipe(&ends)
        self.ends = ends
        output = LineOutput(descriptor: ends[1])
        let (descriptor, collected) = (ends[0], collected)
        reader.async {
            var piece = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(descriptor, &piece, piece.count)
                guard count > 0 else { return }
                collected.bytes.withLock { [piece] in $0 += piece.prefix(count) }
            }
        }
    }

    /// Closes the writing end and gives what was written.
    func finish() -> String {
        close(ends[1])
        // The reader ends with the pipe.
        reader.sync {}
        let bytes = collected.bytes.withLock { $0 }
        close(ends[0])
        return String(decoding: bytes, as: UTF8.self)
    }

    func lines() -> [String] {
        finish().split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }
}

enum HeadlessFixture {
    static func engine(stepSeconds: Double = 0) -> EngineWorker {
        EngineWorker { ScriptedSession(stepSeconds: stepSeconds, note: $0) }
    }

    static func job(
        _ settings: [SettingKey: String] = [.steps: "5", .size: "16x8"],
        models: ModelChoice = .builtIn,
        output: String? = nil
    ) -> HeadlessRun.Job {
        let prompts = [Prompt(.text("dawn"), weight: 2), Prompt(.text("Act 1: fog"), weight: -0.5)]
        return HeadlessRun.Job(prompts: prompts, settings: settings, models: models, output: output)
    }
}

/// A reporter that remembers, and may interrupt at a step.
struct RememberingReporter: RunReporter {
    var interruption: Interruption?
    var interruptsAtLoading = false
    var interruptsAt = Int.max
    var run: RunDescription?
    var steps: [StepReport] = []
    var files: [SavedFile] = []
    var failures: [EngineFailure] = []
    var notes: [String] = []
    var done: [(steps: Int, loss: Double?, wasInterrupted: Bool)] = []

    mutating func loading(_ progress: LoadProgress) { if interruptsAtLoading { interruption?.raise(by: SIGINT) } }
    mutating func started(_ run: RunDescription, model: String) { self.run = run }
    mutating func step(_ report: StepReport) {
        steps.append(report)
        if report.step == interruptsAt { interruption?.raise(by: SIGINT) }
    }
    mutating func saved(_ file: SavedFile) { files.append(file) }
    mutating func note(_ text: String) { notes.append(text) }
    mutating func done(steps: Int, loss: Double?, seconds: Double, wasInterrupted: Bool) {
        done.append((steps, loss, wasInterrupted))
    }
    mutating func failed(_ failure: EngineFailure) { failures.append(failure) }
}
