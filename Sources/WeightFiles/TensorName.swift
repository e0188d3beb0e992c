/// Names of tensors as they may be used in messages and as keys.
enum TensorName {
    private static let limit = 1000

    /// Refuses names that would spoil a message or a terminal.
    static func checked(_ name: String) throws(WeightProblem) -> String {
        let isUsable =
            name.utf8.count <= limit
            && !name.unicodeScalars.contains {
                $0.value < 0x20 || (0x7F...0x9F).contains($0.value)
            }
        guard isUsable else { throw .damaged("a tensor has an impossible name, \(printable(name, limit: 40))") }
        return name
    }
}
