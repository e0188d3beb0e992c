public import EngineKit
public import Foundation
import Media
import WeightFiles

/// What is made of weight files that are imported.
public struct ImportOptions: Sendable, Hashable {
    /// The model's name; `nil` for the file's.
    public var name: String?
    /// Whether a model of that name is replaced.
    public var replaces: Bool
    /// Whether weights are stored as float16.
    public var isHalf: Bool
    /// The program with its version, for the notes.
    public var tool: String

    public init(name: String? = nil, replaces: Bool = false, isHalf: Bool = false, tool: String) {
        self.name = name
        self.replaces = replaces
        self.isHalf = isHalf
        self.tool = tool
    }
}

extension ModelLibrary {
    /// Keeps what a run needs of a weight file, or of the weight files of a folder, as a model of the user's.
    ///
    /// The memory it takes is that of the largest tensor. A model is there as a whole or not at all.
    /// - Throws: ``EngineFailure``, of the kind `cancelled` when it was stopped.
    public func importModel(
        from url: URL,
        options: ImportOptions,
        observer: ModelObserver
    ) throws(EngineFailure) -> InstalledModel {
        try importModel(ImportSource(url), origin: nil, options: options, observer: observer)
    }

    /// - Parameter origin: of a file that was downloaded, whose sum is known by now.
    func importModel(
        _ source: ImportSource,
        origin: DownloadedFile?,
        options: ImportOptions,
        observer: ModelObserver
    ) throws(EngineFailure) -> InstalledModel {
        let name = options.name ?? source.suggestedName
        try checkName(name, options)
        let lock = try ModelLock(name, in: folder)
        defer { lock.release() }
        return try importLocked(
            source,
            as: name,
            origin: origin,
            options: options,
            observer: observer
        )
    }

    /// The same for somebody who has the model's lock.
    func importLocked(
        _ source: ImportSource,
        as name: String,
        origin: DownloadedFile?,
        options: ImportOptions,
        observer: ModelObserver
    ) throws(EngineFailure) -> InstalledModel {
        let prepared = FolderSwap.temporary(for: name, in: folder)
        try? FileManager.default.removeItem(at: prepared)
        try FolderSwap.create(prepared)
        do throws(EngineFailure) {
            let kept = source.weights.reduce(Int64(0)) { $0 + $1.keptBytes(isHalf: options.isHalf) }
            if let refusal = DiskSpace.refusal(of: kept, at: folder, for: name) { throw refusal }
            for weights in source.weights {
                let writer = WeightImport(weights: weights, options: options, observer: observer)
                try writer.write(into: prepared, origin: origin)
            }
            for companion in source.companions { try Self.copy(companion, into: prepared) }
            let place = folder.appending(path: name)
            try FolderSwap.publish(prepared, as: place)
            guard let model = InstalledModel(folder: place, isBuiltIn: false) else {
                throw EngineFailure(.file, "\(place.path) cannot be read", hint: "check its permissions")
            }
            return model
        } catch {
            try? FileManager.default.removeItem(at: prepared)
            throw error
        }
    }

    /// - Throws: ``EngineFailure`` when the name cannot be used, or is taken.
    func checkName(_ name: String, _ options: ImportOptions) throws(EngineFailure) {
        guard ModelName.isValid(name) else {
            throw EngineFailure(
                .model,
                "'\(name)' cannot be the name of a model",
                hint: "use letters, digits and hyphens, as in --name my-paintings"
            )
        }
        guard let model = installed().first(where: { $0.name == name }) else { return }
        if model.isBuiltIn {
            throw EngineFailure(.model, "'\(name)' is the program's own model", hint: "choose another name with --name")
        }
        guard options.replaces else {
            throw EngineFailure(
                .model,
                "there is a model '\(name)' already",
                hint: "choose another name with --name, or replace it with --replace"
            )
        }
    }

    private static func copy(_ companion: ImportSource.Companion, into folder: URL) throws(EngineFailure) {
        do {
            try FileManager.default.copyItem(
                at: companion.file.resolvingSymlinksInPath(),
                to: folder.appending(path: companion.name)
            )
        } catch {
            throw EngineFailure(
                .file,
                "\(companion.file.path) cannot be copied",
                hint: "check its permissions and the disk"
            )
        }
    }
}
