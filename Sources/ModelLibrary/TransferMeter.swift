/// Measures bytes per second over the last seconds, and says when to report.
struct TransferMeter {
    private static let interval = Duration.milliseconds(200)
    private static let window = Duration.seconds(5)

    private var samples: [(time: ContinuousClock.Instant, bytes: Int64)] = []
    private let clock = ContinuousClock()

    /// - Parameter bytes: how many there are by now.
    /// - Returns: bytes per second when it is time to report again, else `nil`.
    mutating func measure(_ bytes: Int64) -> Double? {
        let now = clock.now
        guard let last = samples.last else {
            samples = [(now, bytes)]
            return 0
        }
        guard now - last.time >= Self.interval else { return nil }
        samples.append((now, bytes))
        while samples.count > 2, let first = samples.first, now - first.time > Self.window { samples.removeFirst() }
        guard let first = samples.first else { return nil }
        let seconds = (now - first.time) / .seconds(1)
        return seconds > 0 ? Double(bytes - first.bytes) / seconds : 0
    }
}
