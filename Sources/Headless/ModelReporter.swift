import EngineKit
import Foundation
public import ModelLibrary

/// Says what pulling and importing do: one line drawn over and over on a terminal, lines elsewhere, or JSON.
public struct ModelReporter {
    public enum Style: Sendable {
        case bar, lines, json
    }

    private static let width = 24
    /// Lines elsewhere come at most so often.
    private static let lineInterval = Duration.seconds(10)

    private let style: Style
    private var output: LineOutput
    private var hasBar = false
    private var lastLine: (time: ContinuousClock.Instant, activity: ModelProgress.Activity)?
    private let clock = ContinuousClock()

    public init(style: Style, output: LineOutput) {
        self.style = style
        self.output = output
    }

    public mutating func report(_ event: ModelEvent) {
        switch (event, style) {
        case (.progress(let progress), .json): output.line(JSONLine.text(ProgressLine(progress)))
        case (.progress(let progress), .bar): draw(progress)
        case (.progress(let progress), .lines): line(progress)
        case (.note(let text), .json): output.line(JSONLine.text(NoteLine(message: text)))
        case (.note(let text), _):
            clear()
            output.line(text)
        }
    }

    /// Removes the line that is drawn over and over.
    public mutating func clear() {
        if hasBar { output.redraw("") }
        hasBar = false
    }

    private mutating func draw(_ progress: ModelProgress) {
        guard let fraction = progress.fraction else {
            output.redraw(Self.text(progress))
            hasBar = true
            return
        }
        let filled = Int((Double(Self.width) * fraction).rounded(.down))
        let bar = String(repeating: "▇", count: filled) + String(repeating: "·", count: Self.width - filled)
        output.redraw("▕\(bar)▏ \(Self.text(progress))")
        hasBar = true
    }

    private mutating func line(_ progress: ModelProgress) {
        let now = clock.now
        if let last = lastLine, last.activity == progress.activity, now - last.time < Self.lineInterval { return }
        lastLine = (now, progress.activity)
        output.line(Self.text(progress))
    }

    private static func text(_ progress: ModelProgress) -> String {
        let total = progress.totalBytes.map { "/" + ByteText.size($0) } ?? ""
        var text = "\(progress.activity.rawValue) \(ByteText.size(progress.doneBytes))\(total)"
        if let rate = progress.bytesPerSecond, rate > 0 { text += "  \(ByteText.size(Int64(rate)))/s" }
        if let left = progress.secondsLeft { text += "  left \(Figures.duration(left))" }
        return text
    }

    private struct ProgressLine: Encodable {
        let event = "progress"
        let activity: String
        let file: String
        let doneBytes: Int64
        let totalBytes: Int64?
        let bytesPerSecond: Double?
        let secondsLeft: Double?

        init(_ progress: ModelProgress) {
            activity = progress.activity.rawValue
            file = progress.file
            doneBytes = progress.doneBytes
            totalBytes = progress.totalBytes
            bytesPerSecond = progress.bytesPerSecond
            secondsLeft = progress.secondsLeft
        }
    }

    private struct NoteLine: Encodable {
        let event = "note"
        let message: String
    }
}

/// Values as lines of JSON.
public enum JSONLine {
    public static func text(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        guard let data = try? encoder.encode(value) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }
}
