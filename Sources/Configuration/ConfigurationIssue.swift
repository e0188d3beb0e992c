public import Foundation

/// Something in the configuration file that could not be used, and was left at its default.
public struct ConfigurationIssue: Error, Sendable, Hashable, CustomStringConvertible {
    public let file: URL
    /// Counted from 1, where it is known.
    public let line: Int?
    /// The full name, such as `settings.steps`; empty when the file as a whole is meant.
    public let key: String
    /// What is wrong and what would be accepted.
    public let problem: String

    public init(file: URL, line: Int?, key: String, problem: String) {
        self.file = file
        self.line = line
        self.key = key
        self.problem = problem
    }

    public var description: String {
        let place = line.map { "\(file.path):\($0)" } ?? file.path
        return key.isEmpty ? "\(place): \(problem)" : "\(place): \(key): \(problem)"
    }
}
