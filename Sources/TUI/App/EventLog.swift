/// What happened, for the log pane.
struct EventLog: Sendable, Equatable {
    enum Severity: Sendable, Equatable {
        case info, change, saved, warning, error
    }

    struct Entry: Sendable, Equatable {
        /// Steps that had been made; `nil` outside a run.
        let step: Int?
        let text: String
        let severity: Severity
    }

    private static let limit = 1000

    private(set) var entries: [Entry] = []
    /// Lines scrolled back from the newest.
    private(set) var scrolledBack = 0

    mutating func add(_ text: String, step: Int?, _ severity: Severity = .info) {
        entries.append(Entry(step: step, text: TextLine.singleLine(text), severity: severity))
        if scrolledBack > 0 { scrolledBack += 1 }
        if entries.count > Self.limit { entries.removeFirst() }
        scroll(by: 0)
    }

    mutating func scroll(by lines: Int) {
        scrolledBack = min(max(0, scrolledBack + lines), max(0, entries.count - 1))
    }
}
