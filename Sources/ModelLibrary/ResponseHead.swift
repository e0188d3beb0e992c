/// The status and the header fields of an HTTP answer.
struct ResponseHead: Sendable, Hashable {
    private(set) var status = 0
    private var fields: [String: String] = [:]

    /// Takes the next line. A status line begins anew: an answer may follow an interim one.
    mutating func add(_ line: String) {
        if line.hasPrefix("HTTP/") {
            self = ResponseHead()
            let words = line.split(separator: " ", maxSplits: 2)
            status = words.count > 1 ? Int(words[1]) ?? 0 : 0
        } else if let colon = line.firstIndex(of: ":"), fields.count < 100 {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            fields[line[..<colon].lowercased()] = String(value.prefix(1000))
        }
    }

    subscript(name: String) -> String? { fields[name] }

    /// The size of the body.
    var contentLength: Int64? { self["content-length"].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil } }

    /// The whole file's size: of a part as the server says, of a whole body its length.
    var total: Int64? { status == 206 || status == 416 ? contentRange?.total : contentLength }

    /// From `Content-Range: bytes 10-99/100` or `bytes */100`.
    var contentRange: (start: Int64?, total: Int64?)? {
        guard let text = self["content-range"], text.hasPrefix("bytes ") else { return nil }
        let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        return (halves[0].split(separator: "-").first.flatMap { Int64($0) }, Int64(halves[1]))
    }

    /// An entity tag that says the bytes are the same; a weak one does not.
    var strongTag: String? { self["etag"].flatMap { $0.hasPrefix("W/") ? nil : $0 } }

    /// Whether it is a page for people instead of a file.
    var isPage: Bool { self["content-type"].map { $0.lowercased().hasPrefix("text/html") } ?? false }
}

/// Recognises a web page that was sent in place of a file.
enum WebPage {
    static func begins(_ bytes: some Sequence<UInt8>) -> Bool {
        let start = Array(bytes.prefix(64)).drop { " \t\r\n".utf8.contains($0) }
        let text = String(decoding: start, as: UTF8.self).lowercased()
        return ["<!doctype", "<html", "<head", "<?xml", "<!--"].contains { text.hasPrefix($0) }
    }
}
