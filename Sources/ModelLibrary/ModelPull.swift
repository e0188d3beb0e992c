public import EngineKit
import Foundation
import Media

/// How a model is pulled.
public struct PullOptions: Sendable, Hashable {
    /// An address to use instead of the known ones.
    public var from: String?
    /// The sum that the weights must have, as 64 hexadecimal digits; `nil` for the known one.
    public var sha256: String?
    /// Whether the downloaded file stays after the import.
    public var keepsDownload: Bool
    public var download: DownloadOptions
    /// What the import makes of it; its name is ignored.
    public var importing: ImportOptions

    public init(
        from: String? = nil,
        sha256: String? = nil,
        keepsDownload: Bool = false,
        download: DownloadOptions = DownloadOptions(),
        importing: ImportOptions
    ) {
        self.from = from
        self.sha256 = sha256
        self.keepsDownload = keepsDownload
        self.download = download
        self.importing = importing
    }
}

/// What pulling came to.
public struct PulledModel: Sendable, Hashable {
    public let model: InstalledModel
    /// Whether it was there already, so that nothing was done.
    public let wasThere: Bool
    /// The downloaded weights, if they were kept.
    public let keptFile: String?
}

extension ModelLibrary {
    /// Downloads a model and imports it.
    ///
    /// It may be interrupted anywhere: what has arrived is used by the next call, and a model is there as a whole or not
    /// at all.
    /// - Throws: ``EngineFailure``, of the kind `cancelled` when it was stopped.
    public func pull(
        _ name: String,
        options: PullOptions,
        observer: ModelObserver
    ) throws(EngineFailure) -> PulledModel {
        let (name, files) = try whatToPull(name, options)
        if !options.importing.replaces, let model = installed().first(where: { $0.name == name && !$0.isBuiltIn }) {
            return PulledModel(model: model, wasThere: true, keptFile: nil)
        }
        try checkName(name, options.importing)
        let lock = try ModelLock(name, in: folder)
        defer { lock.release() }
        let place = downloads.appending(path: name, directoryHint: .isDirectory)
        try FolderSwap.create(place)
        try checkSpace(name, files, place)
        var arrived: [DownloadedFile] = []
        for (index, file) in files.enumerated() {
            let download = Download(
                file: file,
                folder: place,
                options: options.download,
                inspect: { index == 0 ? Self.problem(withWeights: $0) : nil },
                observer: observer
            )
            arrived.append(try download.run())
        }
        guard let weights = arrived.first else { throw EngineFailure(.model, "'\(name)' has no files") }
        if !weights.isVerified {
            observer.report(.note("\(weights.sha256) is the SHA-256 of what came; none is published"))
        }
        let before = model(named: name)?.parts.first?.provenance
        let source = try ImportSource(
            URL(filePath: weights.path),
            companions: arrived.dropFirst().map { URL(filePath: $0.path) }
        )
        let model = try importLocked(
            source,
            as: name,
            origin: weights,
            options: options.importing,
            observer: observer
        )
        if let before, before.sha256 != weights.sha256 {
            observer.report(
                .note("it differs from the \(name) that was here, which came from \(before.url ?? before.source)")
            )
        }
        if !options.keepsDownload { try? FileManager.default.removeItem(at: place) }
        return PulledModel(model: model, wasThere: false, keptFile: options.keepsDownload ? weights.path : nil)
    }

    private func whatToPull(_ name: String, _ options: PullOptions) throws(EngineFailure) -> (String, [RemoteFile]) {
        let known = catalogue[name]
        if let from = options.from {
            if let problem = DownloadAddress.problem(with: from) {
                throw EngineFailure(.network, "\(from) \(problem)", hint: "give an address that begins with https://")
            }
            let sum = options.sha256 ?? known?.files.first?.sources.lazy.compactMap(\.sha256).first
            let source = Source(from, sha256: sum)
            let weights = RemoteFile(known?.files.first?.name ?? "weights", [source])
            return (known?.name ?? name, [weights] + (known?.files.dropFirst() ?? []))
        }
        guard let known else {
            throw EngineFailure(
                .model,
                "'\(name)' is not a model that can be pulled",
                hint: hint(forMissing: name) ?? "vqclip-tui models list shows what can, --from takes another address"
            )
        }
        guard let sum = options.sha256 else { return (known.name, known.files) }
        let files = known.files.enumerated().map { index, file in
            let sources = file.sources.map { Source($0.url, bytes: $0.bytes, sha256: sum) }
            return index == 0 ? RemoteFile(file.name, sources) : file
        }
        return (known.name, files)
    }

    private func checkSpace(_ name: String, _ files: [RemoteFile], _ place: URL) throws(EngineFailure) {
        let known = catalogue[name]
        var needed = known?.importedBytes ?? 0
        for (index, file) in files.enumerated() {
            let size = file.bytes ?? (index == 0 ? known?.approximateBytes : nil) ?? 0
            needed += max(0, size - Self.arrivedBytes(of: file, in: place))
        }
        if let refusal = DiskSpace.refusal(of: needed, at: place, for: name) { throw refusal }
    }

    /// What earlier calls have brought of a file.
    private static func arrivedBytes(of file: RemoteFile, in folder: URL) -> Int64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix(file.name) && ($0 == file.name || $0.hasSuffix(".part")) }
            .map { DiskSpace.size(of: folder.appending(path: $0).path) }
            .max() ?? 0
    }

    private static func problem(withWeights path: String) -> String? {
        do {
            _ = try ImportSource(URL(filePath: path), companions: [])
            return nil
        } catch {
            return error.summary.replacingOccurrences(of: path + " ", with: "")
        }
    }
}
