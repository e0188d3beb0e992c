/// Something wrong with a theme. The theme is used all the same, without the part in question.
struct ThemeIssue: Sendable, Hashable, CustomStringConvertible {
    /// The path of the theme's file, or the name that was asked for.
    var file: String
    /// Counted from 1, where it is known.
    var line: Int?
    /// What in the file, as `roles.title.fg`; empty for the file as a whole.
    var key: String
    var problem: String
    /// What was probably meant.
    var suggestion: String?

    var description: String {
        let position = line.map { "\(file):\($0)" } ?? file
        let place = key.isEmpty ? position : "\(position): \(key)"
        return "\(place): \(problem)" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? "")
    }

    /// The name most like the one given, if there is one that could have been meant.
    static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let limit = max(2, name.count / 3)
        return names.map { ($0, distance(name, $0)) }
            .filter { $0.1 <= limit }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// Letters to insert, delete or exchange to get from one word to the other.
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.lowercased().utf8), Array(b.lowercased().utf8))
        // Far too long for a role, and the time grows with the product.
        guard a.count <= 64, b.count <= 64 else { return .max }
        var row = Array(0...b.count)
        for i in 0..<a.count {
            var diagonal = row[0]
            row[0] = i + 1
            for j in 0..<b.count {
                let above = row[j + 1]
                row[j + 1] = min(diagonal + (a[i] == b[j] ? 0 : 1), above + 1, row[j] + 1)
                diagonal = above
            }
        }
        return row[b.count]
    }
}
