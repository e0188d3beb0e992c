public import EngineKit
public import Foundation
import Media

/// The models on this machine, and those that can be brought to it.
///
/// The user's models are folders in `~/.local/share/vqclip-tui/models`; those that come with the program are in `models`
/// beside it. A name means the user's first.
public struct ModelLibrary: Sendable {
    public let catalogue: Catalogue
    /// The user's models.
    public let folder: URL
    /// Downloads in progress, one folder a model.
    public let downloads: URL
    private let environment: [String: String]

    /// - Throws: ``EngineFailure`` when the environment names a catalogue that cannot be used.
    public init(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EngineFailure) {
        let folders = DataFolders(environment: environment)
        folder = folders.models
        downloads = folders.data.appending(path: "downloads", directoryHint: .isDirectory)
        catalogue = try Catalogue.load(environment: environment)
        self.environment = environment
    }

    /// All models on this machine, sorted by name.
    public func installed() -> [InstalledModel] {
        var models: [String: InstalledModel] = [:]
        if let own = ProgramFiles.find("models", environment: environment) {
            for model in Self.models(in: own, areBuiltIn: true) { models[model.name] = model }
        }
        for model in Self.models(in: folder, areBuiltIn: false) { models[model.name] = model }
        return models.values.sorted { $0.name < $1.name }
    }

    private static func models(in folder: URL, areBuiltIn: Bool) -> [InstalledModel] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasPrefix(".") }
            .compactMap { InstalledModel(folder: folder.appending(path: $0), isBuiltIn: areBuiltIn) }
    }

    /// The installed model of that name, also as other tools write it.
    public func model(named name: String) -> InstalledModel? {
        let models = installed()
        let known = catalogue[name]?.name
        return models.first { $0.name == name }
            ?? models.first { $0.name == known || $0.name == ModelName.normalized(name) }
    }

    /// All models on this machine, as the workbench lists them.
    public func summaries() -> [ModelSummary] {
        installed().map { model in
            let architecture = model.parts.lazy.compactMap { $0.provenance?.architecture }.first
            let detail = catalogue[model.name]?.paints ?? architecture
            return ModelSummary(
                name: model.name,
                hasVQGAN: model.kinds.contains(.vqgan),
                hasCLIP: model.kinds.contains(.clip),
                bytes: model.bytes,
                detail: detail ?? (model.isBuiltIn ? "comes with the program" : "")
            )
        }
    }

    /// What to do when there is no model of that name: pull it, if it is known, or use the name that was meant.
    public func hint(forMissing name: String) -> String? {
        if let known = catalogue[name] { return "run: vqclip-tui models pull \(known.name) (\(Self.cost(of: known)))" }
        let names = installed().map(\.name) + catalogue.models.map(\.name)
        return NearestName.to(name, among: names).map { "did you mean '\($0)'?" }
    }

    /// Such as `4.26 GB download, 289 MB kept`.
    static func cost(of model: KnownModel) -> String {
        let download = model.downloadText + " download"
        return model.importedBytes.map { "\(download), \(ByteText.size($0)) kept" } ?? download
    }

    /// - Throws: ``EngineFailure`` that says what there is instead.
    public func requireModel(named name: String) throws(EngineFailure) -> InstalledModel {
        if let model = model(named: name) { return model }
        throw EngineFailure(
            .model,
            "there is no model '\(name)' on this machine",
            hint: hint(forMissing: name) ?? "vqclip-tui models list shows what there is"
        )
    }

    /// Removes a model of the user's.
    /// - Throws: ``EngineFailure`` when it is not there, comes with the program, or cannot be removed.
    public func remove(_ model: InstalledModel) throws(EngineFailure) {
        guard !model.isBuiltIn else {
            throw EngineFailure(
                .model,
                "\(model.name) comes with the program and stays",
                hint: "only your own can be removed"
            )
        }
        let lock = try ModelLock(model.name, in: folder)
        defer { lock.release() }
        // The name goes at once; what a crash leaves of the files is hidden, and removed with the next change.
        let hidden = FolderSwap.temporary(for: model.name, in: folder)
        try? FileManager.default.removeItem(at: hidden)
        guard rename(model.folder.path, hidden.path) == 0 else {
            throw EngineFailure(.file, "\(model.folder.path) cannot be removed: \(systemMessage(errno))")
        }
        do {
            try FileManager.default.removeItem(at: hidden)
        } catch {
            throw EngineFailure(.file, "\(hidden.path) cannot be removed", hint: "remove it by hand")
        }
    }
}
