/// Finds the name that somebody probably meant.
public enum NearestName {
    /// The most similar of the known names, or `nil` when none is similar.
    public static func to(_ name: String, among known: [String]) -> String? {
        let name = name.lowercased()
        // A third of the letters may be wrong; two always, as swapped letters count twice.
        let tolerance = max(2, name.count / 3)
        let closest = known.map { ($0, distance(name, $0.lowercased())) }.min { $0.1 < $1.1 }
        guard let closest, closest.1 <= tolerance, closest.1 < name.count else { return nil }
        return closest.0
    }

    /// Levenshtein's distance: how many letters are inserted, removed or replaced.
    static func distance(_ first: String, _ second: String) -> Int {
        let second = Array(second)
        var row = Array(0...second.count)
        for (i, letter) in first.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in second.indices {
                let replaced = diagonal + (letter == second[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[second.count]
    }
}
