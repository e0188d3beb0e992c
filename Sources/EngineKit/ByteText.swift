import Foundation

/// Sizes as people read them, in powers of ten as disks and servers count.
public enum ByteText {
    /// Such as `17 bytes`, `353 MB` or `4.26 GB`.
    public static func size(_ bytes: Int64) -> String {
        switch Double(bytes) {
        case ..<1000: "\(bytes) bytes"
        case ..<999_500: String(format: "%.0f kB", Double(bytes) / 1e3)
        case ..<9_950_000: String(format: "%.1f MB", Double(bytes) / 1e6)
        case ..<999_500_000: String(format: "%.0f MB", Double(bytes) / 1e6)
        case ..<99_950_000_000: String(format: "%.2f GB", Double(bytes) / 1e9)
        default: String(format: "%.0f GB", Double(bytes) / 1e9)
        }
    }
}
