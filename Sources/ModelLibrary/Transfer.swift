import CFetch
import EngineKit
import Foundation
import Media

/// One request for a file, or for what is missing of it.
final class Transfer {
    enum Ending {
        /// The server has sent all that there is.
        case complete
        /// Another try may get further.
        case interrupted(String)
        /// What had arrived was of another version, and is gone.
        case outdated
        /// This source does not have the file; another may.
        case refused(String)
        /// The server says where else to look.
        case redirected(String)
        case stopped
        case failed(EngineFailure)
    }

    let address: String
    /// Where redirections started, which names the version.
    let origin: String
    let part: PartialFile
    let expectedBytes: Int64?
    let stallSeconds: Int
    /// Called at least once a second with the bytes that are there and the whole size where it is known; false stops.
    let progress: (Int64, Int64?) -> Bool

    private var head = ResponseHead()
    private var hasBody = false
    private var ending: Ending?
    /// Why the file is not the one that is wanted, if the beginning of its body does not say it better.
    private var doubt: String?
    private var lastByte = ContinuousClock.now

    init(
        _ address: String,
        origin: String,
        part: PartialFile,
        expectedBytes: Int64?,
        stallSeconds: Int,
        progress: @escaping (Int64, Int64?) -> Bool
    ) {
        self.address = address
        self.origin = origin
        self.part = part
        self.expectedBytes = expectedBytes
        self.stallSeconds = stallSeconds
        self.progress = progress
    }

    /// Makes the request. What arrives goes into the partial file.
    func run() -> Ending {
        let headers = rangeHeaders()
        var redirect = [CChar](repeating: 0, count: 4096)
        var message = [CChar](repeating: 0, count: 512)
        let status = get(headers, &redirect, &message)
        if let ending { return ending }
        let target = redirect.text
        switch status {
        case CF_OK where (300..<400).contains(head.status):
            return target.isEmpty ? .refused("answers \(head.status) without an address") : .redirected(target)
        case CF_OK: return endOfAnswer()
        case CF_ERR_NO_LIBRARY:
            return .failed(
                EngineFailure(.network, "downloads need libcurl, which is not installed", hint: "run: make setup")
            )
        default: return .interrupted(Self.text(status, message.text))
        }
    }

    /// Asks only for what is missing, and only of the same version.
    private func rangeHeaders() -> [String] {
        guard part.count > 0 else { return ["Accept: */*"] }
        let range = "Range: bytes=\(part.count)-"
        guard let version = part.version, version.url == origin, let validator = version.validator else {
            return [range]
        }
        return [range, "If-Range: \(validator)"]
    }

    private func get(_ headers: [String], _ redirect: inout [CChar], _ message: inout [CChar]) -> CFStatus {
        let lines = headers.map { strdup($0) }
        defer { for line in lines { free(line) } }
        let pointers = lines.map { UnsafePointer($0) }
        return address.withCString { url in
            DownloadOptions.userAgent.withCString { agent in
                pointers.withUnsafeBufferPointer { pointers in
                    var request = CFRequest(
                        url: url,
                        user_agent: agent,
                        headers: pointers.baseAddress,
                        header_count: pointers.count,
                        allows_http: DownloadAddress.allowsHTTP(address) ? 1 : 0,
                        connect_seconds: Int64(stallSeconds),
                        // The callbacks run inside the call, on this thread.
                        context: Unmanaged.passUnretained(self).toOpaque(),
                        on_header: { context, line, length in
                            let bytes = UnsafeRawBufferPointer(start: line, count: length)
                            return Transfer.of(context).take(header: String(decoding: bytes, as: UTF8.self))
                        },
                        on_body: { context, bytes, count in
                            Transfer.of(context).take(body: UnsafeRawBufferPointer(start: bytes, count: count))
                        },
                        on_tick: { Transfer.of($0).tick() }
                    )
                    return cf_get(&request, &redirect, redirect.count, &message, message.count)
                }
            }
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    private func take(header line: String) -> Int32 {
        head.add(line)
        lastByte = .now
        guard line.isEmpty, head.status >= 200 else { return 0 }
        return judgeHead()
    }

    /// Decides by the head of the answer whether its body is wanted.
    private func judgeHead() -> Int32 {
        switch head.status {
        case 200..<300 where head.isPage: return end(.refused(Self.pageProblem))
        case 200, 206: break
        case 300..<400: return 0
        case 416: return endOfRange()
        case 404, 410: return end(.refused("does not have it (\(head.status))"))
        case 408, 425, 429, 500...: return end(.interrupted("answers \(head.status), busy or broken"))
        default: return end(.refused("answers \(head.status)"))
        }
        if let expectedBytes, let total = head.total, total != expectedBytes {
            doubt = "has another file, of \(ByteText.size(total)) instead of \(ByteText.size(expectedBytes))"
            return 0
        }
        return progress(head.status == 206 ? part.count : 0, expectedBytes ?? head.total) ? 0 : end(.stopped)
    }

    /// The server has nothing from here on: all is there, or what is there is of another version.
    private func endOfRange() -> Int32 {
        if let total = head.total, total == part.count, expectedBytes ?? total == total { return end(.complete) }
        return restart()
    }

    private func restart() -> Int32 {
        do {
            try part.truncate()
        } catch {
            return end(.failed(error.failure))
        }
        return end(.outdated)
    }

    private func take(body: UnsafeRawBufferPointer) -> Int32 {
        // A redirection's body says nothing.
        guard head.status == 200 || head.status == 206, !body.isEmpty else { return 0 }
        lastByte = .now
        if !hasBody {
            hasBody = true
            let result = beginBody(body)
            if result != 0 { return result }
        }
        if let expectedBytes, part.count + Int64(body.count) > expectedBytes {
            return end(.refused("sends more than the \(ByteText.size(expectedBytes)) that the file has"))
        }
        do {
            try part.append(body)
        } catch {
            return end(.failed(Self.noRoom(error, part.count)))
        }
        return tick()
    }

    private func beginBody(_ body: UnsafeRawBufferPointer) -> Int32 {
        if head.status == 200, WebPage.begins(body) { return end(.refused(Self.pageProblem)) }
        if let doubt { return end(.refused(doubt)) }
        if head.status == 206 {
            let isNext = head.contentRange?.start == part.count && part.count > 0
            return isNext && isSameVersion ? 0 : restart()
        }
        do {
            let validator = head.strongTag ?? head["last-modified"]
            try part.begin(PartialFile.Version(url: origin, validator: validator, total: head.total))
        } catch {
            return end(.failed(Self.noRoom(error, part.count)))
        }
        return 0
    }

    /// Whether the part that comes is of the version whose beginning is there, as far as the server says.
    private var isSameVersion: Bool {
        guard let version = part.version else { return false }
        if let total = version.total, let now = head.total, total != now { return false }
        guard version.url == origin, let tag = version.validator, tag.hasPrefix("\""), let now = head.strongTag else {
            return true
        }
        return tag == now
    }

    private func tick() -> Int32 {
        if lastByte.duration(to: .now) > .seconds(stallSeconds) {
            return end(.interrupted("sent nothing for \(stallSeconds) s"))
        }
        return progress(part.count, total) ? 0 : end(.stopped)
    }

    private var total: Int64? { expectedBytes ?? part.version?.total ?? nil }

    private func end(_ ending: Ending) -> Int32 {
        self.ending = ending
        return 1
    }

    private func endOfAnswer() -> Ending {
        if let doubt { return .refused(doubt) }
        if let total, part.count != total { return .interrupted("ended at \(ByteText.size(part.count))") }
        return part.count > 0 ? .complete : .refused("sends an empty file")
    }

    private static let pageProblem = "sends a web page instead of the file"

    private static func noRoom(_ error: FileWriteError, _ count: Int64) -> EngineFailure {
        let failure = error.failure
        return EngineFailure(
            failure.kind,
            failure.summary,
            hint: "make room; the same command goes on from the \(ByteText.size(count)) that are there"
        )
    }

    private static func text(_ status: CFStatus, _ message: String) -> String {
        switch status {
        case CF_ERR_CUT: "cut the connection"
        case CF_ERR_NO_HOST: "cannot be found; is there a network?"
        case CF_ERR_NO_CONNECTION, CF_ERR_TIME: "does not answer"
        case CF_ERR_NOT_SECURE: "has no secure connection to offer (\(message))"
        default: message
        }
    }
}

extension [CChar] {
    /// A text ended by a zero byte.
    fileprivate var text: String { String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
