import Foundation

/// Numbers as people read them.
enum Figures {
    static func rounded(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }

    static func loss(_ value: Double) -> String { rounded(value, digits: 4) }

    /// Such as 640 MiB or 1.2 GiB.
    static func memory(_ bytes: Double) -> String {
        let mebibytes = max(0, bytes) / 1_048_576
        return mebibytes < 1000
            ? "\(rounded(mebibytes, digits: 0)) MiB" : "\(rounded(mebibytes / 1024, digits: 1)) GiB"
    }

    /// Such as 8.2 s, 4m05s or 2h30m.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "–" }
        if seconds < 60 { return rounded(seconds, digits: 1) + " s" }
        let whole = Int(seconds.rounded())
        if whole < 3600 { return String(format: "%dm%02ds", whole / 60, whole % 60) }
        return String(format: "%dh%02dm", whole / 3600, whole % 3600 / 60)
    }
}
