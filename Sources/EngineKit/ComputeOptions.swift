/// How the engine computes, whatever it paints.
public struct ComputeOptions: Sendable, Hashable {
    /// CPU threads of one operation; `nil` for as many as there are cores.
    public var threads: Int?
    /// Whether only libtorch's own operations are used, instead of faster ones whose results differ by rounding.
    public var isExact: Bool
    /// Bytes that the process may take; `nil` for what is free.
    public var memory: UInt64?

    public init(threads: Int? = nil, isExact: Bool = false, memory: UInt64? = nil) {
        self.threads = threads
        self.isExact = isExact
        self.memory = memory
    }

    /// The bytes of an amount such as `4GiB`, `900 MiB` or `1.5G`; `nil` for anything else, and for less than 64 MiB.
    public static func bytes(of text: String) -> UInt64? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        let scale: Double? =
            switch unit {
            case "m", "mb", "mib": Double(1 << 20)
            case "g", "gb", "gib": Double(1 << 30)
            default: nil
            }
        guard let scale, let amount = Double(number) else { return nil }
        let bytes = (amount * scale).rounded()
        return (Double(64 << 20)...Double(UInt64(1) << 50)).contains(bytes) ? UInt64(bytes) : nil
    }
}
