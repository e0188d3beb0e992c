import EngineKit
import Foundation

/// Numbers as people read them.
enum Figures {
    /// A number with so many decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        value.isFinite ? String(format: "%.\(decimals)f", value) : "–"
    }

    static func loss(_ value: Double) -> String { fixed(value, abs(value) >= 100 ? 1 : 3) }

    /// Speed of a run: steps per second, or seconds per step where that is the readable one.
    static func speed(secondsPerStep seconds: Double) -> String {
        guard seconds > 0 else { return "– it/s" }
        return seconds > 1 ? "\(fixed(seconds, 1)) s/it" : "\(fixed(1 / seconds, 1)) it/s"
    }

    /// 45s, 1m10s, 2h05m.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e8 else { return "–" }
        let whole = Int(max(0, seconds).rounded())
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m\(twoDigits(whole % 60))s"
        default: return "\(whole / 3600)h\(twoDigits(whole / 60 % 60))m"
        }
    }

    /// 640 MiB, 1.2 GiB.
    static func memory(_ bytes: UInt64) -> String {
        let mebibytes = Double(bytes) / 1_048_576
        return mebibytes < 1000 ? "\(fixed(mebibytes, 0)) MiB" : "\(fixed(mebibytes / 1024, 1)) GiB"
    }

    /// What a run is going to take: ≈ 1.4 GiB, 7.0 s/it, 35m00s.
    static func estimate(_ estimate: RunEstimate) -> String {
        var parts = ["≈ " + memory(UInt64(max(0, estimate.peakBytes)))]
        if let seconds = estimate.secondsPerStep { parts.append(speed(secondsPerStep: seconds)) }
        if let seconds = estimate.seconds { parts.append(duration(seconds)) }
        return parts.joined(separator: ", ")
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
