/// Why a weight file cannot be used: one line with the path, the problem and what to do.
public struct WeightFileError: Error, Sendable, Hashable, CustomStringConvertible {
    public let path: String
    /// What is wrong; goes on after the path.
    public let problem: String
    /// What to do about it.
    public let hint: String

    public init(path: String, problem: String, hint: String) {
        self.path = path
        self.problem = problem
        self.hint = hint
    }

    init(path: String, _ problem: WeightProblem) {
        self.init(path: path, problem: problem.text, hint: problem.hint)
    }

    /// The path and the problem, without the hint.
    public var summary: String { "\(printable(path)) \(problem)" }

    public var description: String { "\(summary); \(hint)" }
}

/// A ``WeightFileError`` whose path the place where it is found does not know.
struct WeightProblem: Error {
    let text: String
    let hint: String
    /// Whether the file ends before it should.
    var isCutOff = false

    init(_ text: String, hint: String = "choose another file") {
        self.text = text
        self.hint = hint
    }

    /// The file contradicts itself.
    static func damaged(_ what: String) -> WeightProblem {
        WeightProblem("is damaged: \(what)", hint: "download it again")
    }

    /// The file ends before its time.
    /// - Parameters:
    ///   - detail: What is missing.
    ///   - sizes: Bytes that are there and bytes that should be, where that is known.
    static func cutOff(_ detail: String? = nil, sizes: (there: Int, whole: Int)? = nil) -> WeightProblem {
        let amount = sizes.map { ", \(byteAmounts($0.there, of: $0.whole))" } ?? ""
        let place = detail.map { "\($0); " } ?? ""
        var problem = WeightProblem("is cut off: \(place)an incomplete download\(amount)", hint: "download it again")
        problem.isCutOff = true
        return problem
    }
}

/// Text from a file or a user in a form that keeps a message in one line and a terminal in order.
func printable(_ text: String, limit: Int = 200) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: result += "\u{FFFD}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.count > limit ? result + "…" : result
}

/// Two amounts of bytes in the unit of the second, such as `1.2 of 4.3 GB`.
func byteAmounts(_ first: Int, of second: Int) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
    guard let (size, name) = units.first(where: { second >= $0.0 }) else { return "\(first) of \(second) bytes" }
    func tenths(_ bytes: Int) -> String {
        let value = bytes / (size / 10)
        return "\(value / 10).\(value % 10)"
    }
    return "\(tenths(first)) of \(tenths(second)) \(name)"
}
