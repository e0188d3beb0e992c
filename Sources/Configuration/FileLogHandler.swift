import Foundation
public import Logging

/// Writes a logger's lines to a ``FileLog``: `2026-01-01T12:00:00Z info engine: message key=value`.
public struct FileLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let log: FileLog

    public init(label: String, level: Logger.Level, log: FileLog) {
        self.label = label
        self.log = log
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var message = event.message.description
        if let error = event.error { message += ": \(error)" }
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        log.write(Self.line(time: .now, level: event.level, label: label, message: message, metadata: all))
    }

    /// One entry. Further lines of a message are indented, and control characters are replaced, since the log may be
    /// looked at in a terminal.
    static func line(
        time: Date,
        level: Logger.Level,
        label: String,
        message: String,
        metadata: Logger.Metadata = [:]
    ) -> String {
        var text = "\(time.formatted(.iso8601)) \(level.rawValue) \(label): \(message)"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += " \(key)=\(value)"
        }
        var printable = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": printable += "\n    "
            case _ where scalar.properties.generalCategory == .control && scalar != "\t": printable += "\u{FFFD}"
            default: printable.unicodeScalars.append(scalar)
            }
        }
        return printable
    }
}
