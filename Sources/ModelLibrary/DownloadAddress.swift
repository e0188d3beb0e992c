import EngineKit
import Foundation

/// Which addresses are downloaded from: https anywhere, and http from this machine only.
enum DownloadAddress {
    /// - Returns: what is wrong with the address, or `nil`.
    static func problem(with address: String) -> String? {
        guard address.utf8.count <= 4000, let parts = URLComponents(string: address),
            let host = parts.host, !host.isEmpty
        else { return "is no web address" }
        switch parts.scheme?.lowercased() {
        case "https": return nil
        case "http": return isThisMachine(host) ? nil : "is not secure; only https is used"
        default: return "is no https address"
        }
    }

    /// - Returns: what is wrong with being sent from one address to another, or `nil`.
    static func problem(withRedirectionFrom origin: String, to target: String) -> String? {
        if let problem = problem(with: target) { return problem }
        let wasSecure = origin.lowercased().hasPrefix("https:")
        return wasSecure && !target.lowercased().hasPrefix("https:") ? "is not secure; only https is used" : nil
    }

    static func allowsHTTP(_ address: String) -> Bool { address.lowercased().hasPrefix("http:") }

    /// The host of an address, for messages.
    static func host(of address: String) -> String {
        guard let parts = URLComponents(string: address), let host = parts.host else { return address }
        return parts.port.map { "\(host):\($0)" } ?? host
    }

    private static func isThisMachine(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers.first == 127 && !numbers.contains(nil)
    }
}
