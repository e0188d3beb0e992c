/// An installed model as a list shows it.
public struct ModelSummary: Sendable, Hashable {
    /// What a ``ModelChoice`` calls it.
    public let name: String
    public let hasVQGAN: Bool
    public let hasCLIP: Bool
    /// What it takes on the disk.
    public let bytes: Int64
    /// What it paints or is, in a few words.
    public let detail: String

    public init(name: String, hasVQGAN: Bool, hasCLIP: Bool, bytes: Int64, detail: String) {
        self.name = name
        self.hasVQGAN = hasVQGAN
        self.hasCLIP = hasCLIP
        self.bytes = bytes
        self.detail = detail
    }
}
