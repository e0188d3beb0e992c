import EngineKit
import Foundation
import Media

/// How patient a download is.
public struct DownloadOptions: Sendable, Hashable {
    static let userAgent = "vqclip-tui"

    /// Seconds without a byte after which a connection is given up.
    public var stallSeconds: Int
    /// How often in a row a source may fail without sending anything new.
    public var tries: Int
    /// Seconds before the second try; twice as many before each further one, up to a minute.
    public var retrySeconds: Double

    public init(stallSeconds: Int = 60, tries: Int = 5, retrySeconds: Double = 2) {
        self.stallSeconds = stallSeconds
        self.tries = tries
        self.retrySeconds = retrySeconds
    }
}

/// How far something is that takes a while.
public struct ModelProgress: Sendable, Hashable {
    public enum Activity: String, Sendable {
        case downloading, checking, importing
    }

    public let activity: Activity
    public let file: String
    public let doneBytes: Int64
    public let totalBytes: Int64?
    /// Over the last seconds.
    public let bytesPerSecond: Double?

    public init(_ activity: Activity, file: String, done: Int64, total: Int64?, bytesPerSecond: Double? = nil) {
        self.activity = activity
        self.file = file
        doneBytes = done
        totalBytes = total
        self.bytesPerSecond = bytesPerSecond
    }

    /// From 0 to 1.
    public var fraction: Double? {
        totalBytes.map { $0 > 0 ? min(1, Double(doneBytes) / Double($0)) : 1 }
    }

    public var secondsLeft: Double? {
        guard let totalBytes, let bytesPerSecond, bytesPerSecond > 0 else { return nil }
        return Double(max(0, totalBytes - doneBytes)) / bytesPerSecond
    }
}

/// What pulling and importing report.
public enum ModelEvent: Sendable, Hashable {
    case progress(ModelProgress)
    case note(String)
}

/// Who hears what is going on, and can stop it.
public struct ModelObserver {
    let report: (ModelEvent) -> Void
    let isCancelled: () -> Bool

    /// - Parameters:
    ///   - report: called on the thread that does the work, several times a second.
    ///   - isCancelled: asked at least once a second.
    public init(report: @escaping (ModelEvent) -> Void, isCancelled: @escaping () -> Bool) {
        self.report = report
        self.isCancelled = isCancelled
    }
}

/// A file that has arrived as a whole.
struct DownloadedFile {
    let path: String
    let bytes: Int64
    let sha256: String
    /// Where it came from, if that is still known.
    let url: String?
    /// Whether its sum was known beforehand, and is right.
    let isVerified: Bool
}

/// Brings one file into a folder, from the first of its sources that really has it.
struct Download {
    let file: RemoteFile
    /// An existing folder that nobody else downloads to.
    let folder: URL
    let options: DownloadOptions
    /// Looks into a file whose sum is not known, and says what is wrong with it.
    let inspect: (String) -> String?
    let observer: ModelObserver

    private enum Outcome {
        case arrived(DownloadedFile)
        case refused(String)
    }

    /// - Throws: ``EngineFailure``, of the kind `cancelled` when it was stopped. What has arrived stays for another try.
    func run() throws(EngineFailure) -> DownloadedFile {
        if let there = try fileThatIsThere() { return there }
        var problems: [String] = []
        for (index, source) in file.sources.enumerated() {
            let host = DownloadAddress.host(of: source.url)
            let outcome: Outcome =
                if let problem = DownloadAddress.problem(with: source.url) {
                    .refused(problem)
                } else {
                    try fetch(source)
                }
            switch outcome {
            case .arrived(let arrived): return arrived
            case .refused(let reason):
                problems.append("\(host) \(reason)")
                if index + 1 < file.sources.count {
                    let next = DownloadAddress.host(of: file.sources[index + 1].url)
                    observer.report(.note("\(host) \(reason); trying \(next)"))
                }
            }
        }
        throw EngineFailure(
            .network,
            "\(file.name) could not be downloaded: \(problems.joined(separator: "; "))",
            hint: "try again later, or name another place with --from; what has arrived is kept"
        )
    }

    private var path: String { folder.appending(path: file.name).path }

    /// The file, if an earlier call brought it and died before it was used.
    private func fileThatIsThere() throws(EngineFailure) -> DownloadedFile? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let (sum, bytes) = try sumOfFile(path)
        let known = file.sources.compactMap(\.sha256)
        guard known.isEmpty || known.contains(sum) else {
            unlink(path)
            return nil
        }
        let version = FileManager.default.contents(atPath: path + ".json")
            .flatMap { try? JSONDecoder().decode(PartialFile.Version.self, from: $0) }
        return DownloadedFile(path: path, bytes: bytes, sha256: sum, url: version?.url, isVerified: !known.isEmpty)
    }

    private func fetch(_ source: Source) throws(EngineFailure) -> Outcome {
        let part = try partialFile(for: source)
        var address = source.url
        var redirections = 0
        var failures = 0
        var restarts = 0
        var furthest = part.count
        while true {
            var refusal: EngineFailure?
            var meter = TransferMeter()
            let transfer = Transfer(
                address,
                origin: source.url,
                part: part,
                expectedBytes: source.bytes,
                stallSeconds: options.stallSeconds
            ) { done, total in
                if let total, refusal == nil {
                    refusal = DiskSpace.refusal(of: total - done, at: folder, for: file.name)
                }
                guard refusal == nil, !observer.isCancelled() else { return false }
                if let rate = meter.measure(done) {
                    observer.report(
                        .progress(
                            ModelProgress(.downloading, file: file.name, done: done, total: total, bytesPerSecond: rate)
                        )
                    )
                }
                return true
            }
            switch transfer.run() {
            case .complete: return try check(part, source)
            case .refused(let reason): return refuse(part, reason)
            case .failed(let failure): throw failure
            case .stopped: throw refusal ?? stopped(part)
            case .redirected(let target):
                redirections += 1
                if redirections > 10 { return refuse(part, "redirects in a circle") }
                if let problem = DownloadAddress.problem(withRedirectionFrom: address, to: target) {
                    return refuse(part, "redirects to an address that \(problem)")
                }
                address = target
            case .outdated:
                restarts += 1
                if restarts > 3 { return refuse(part, "sends another version each time") }
            case .interrupted(let reason):
                failures = part.count > furthest ? 1 : failures + 1
                furthest = max(furthest, part.count)
                if failures >= options.tries { return refuse(part, reason) }
                try wait(before: failures, after: "\(DownloadAddress.host(of: address)) \(reason)", part)
                (address, redirections) = (source.url, 0)
            }
        }
    }

    /// The partial file of a source. Sources with the same sum share it.
    private func partialFile(for source: Source) throws(EngineFailure) -> PartialFile {
        let identity = SHA256.sum(of: Array((source.sha256 ?? source.url).utf8)).prefix(8)
        do {
            return try PartialFile(path: "\(path).\(identity).part")
        } catch {
            throw error.failure
        }
    }

    private func refuse(_ part: PartialFile, _ reason: String) -> Outcome {
        if part.count == 0 { part.remove() }
        return .refused(reason)
    }

    private func wait(before failures: Int, after reason: String, _ part: PartialFile) throws(EngineFailure) {
        let seconds = min(60, options.retrySeconds * Double(1 << min(failures - 1, 6)))
        let plan = part.count > 0 ? "going on from \(ByteText.size(part.count))" : "trying again"
        observer.report(.note("\(reason); \(plan)"))
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if observer.isCancelled() { throw stopped(part) }
            usleep(20_000)
        }
    }

    private func stopped(_ part: PartialFile) -> EngineFailure {
        let total = part.version?.total.map { " of " + ByteText.size($0) } ?? ""
        return EngineFailure(
            .cancelled,
            "stopped with \(ByteText.size(part.count))\(total) of \(file.name)",
            hint: "the same command goes on from there"
        )
    }

    private func check(_ part: PartialFile, _ source: Source) throws(EngineFailure) -> Outcome {
        if let bytes = source.bytes, bytes != part.count {
            part.remove()
            return .refused("sent \(ByteText.size(part.count)) instead of \(ByteText.size(bytes))")
        }
        let (sum, bytes) = try sumOfFile(part.path)
        if let expected = source.sha256, expected != sum {
            part.remove()
            return .refused("sent other contents: the SHA-256 is \(sum.prefix(8))… instead of \(expected.prefix(8))…")
        }
        if source.sha256 == nil, let problem = inspect(part.path) {
            part.remove()
            return .refused("sent something else: it \(problem)")
        }
        do {
            try part.finish(as: path)
        } catch {
            throw error.failure
        }
        return .arrived(
            DownloadedFile(path: path, bytes: bytes, sha256: sum, url: source.url, isVerified: source.sha256 != nil)
        )
    }

    private func sumOfFile(_ path: String) throws(EngineFailure) -> (sum: String, bytes: Int64) {
        let total = DiskSpace.size(of: path)
        var meter = TransferMeter()
        let sum = try SHA256.sum(ofFile: path) { done in
            if let rate = meter.measure(done) {
                observer.report(
                    .progress(ModelProgress(.checking, file: file.name, done: done, total: total, bytesPerSecond: rate))
                )
            }
            return !observer.isCancelled()
        }
        guard let sum else {
            throw EngineFailure(
                .cancelled,
                "stopped while checking \(file.name)",
                hint: "the same command goes on from there"
            )
        }
        return (sum, total)
    }
}
