import ArgumentParser
import Configuration
import Core
import EngineKit
import Foundation
import Logging

/// What arguments and configuration come to, for any front end.
struct Program {
    let folders = DataFolders()
    let configuration: UserConfiguration
    /// The user's own settings: those of the configuration, and over them those of the arguments.
    let settings: [SettingKey: String]
    let models: ModelChoice
    let device: String
    let compute: ComputeOptions
    /// The log's file, if it could be opened.
    let logFile: URL?
    /// What is wrong with the configuration or the log, one line each.
    let issues: [String]

    init(_ options: PaintingOptions) throws {
        try self.init(
            vqgan: options.vqgan,
            clip: options.clip,
            devices: options.devices,
            settings: options.settings(),
            compute: options.compute
        )
    }

    /// - Parameters:
    ///   - vqgan, clip: what was given; else what the configuration says counts, else the built-in pair.
    ///   - given: settings that were given.
    init(
        vqgan: String? = nil,
        clip: String? = nil,
        devices: DeviceOptions,
        settings given: [SettingKey: String] = [:],
        compute: ComputeOptions? = nil
    ) throws {
        let (configuration, issues) = UserConfiguration.load(from: folders.configurationFile)
        self.configuration = configuration
        settings = configuration.settings.merging(given) { $1 }
        models = ModelChoice(
            vqgan: vqgan ?? configuration.vqgan ?? "built-in",
            clip: clip ?? configuration.clip ?? "built-in"
        )
        device = devices.device ?? configuration.device ?? "auto"
        self.compute = compute ?? ComputeOptions(threads: devices.threads)
        var lines = issues.map(\.description)
        switch FileLog.start(level: configuration.logLevel ?? .info, file: folders.logFile) {
        case .success(let log): logFile = log.file
        case .failure(let error):
            logFile = nil
            lines.append(error.description)
        }
        self.issues = lines
        let logger = Logger(label: "program")
        logger.info("vqclip-tui \(VQClipTUI.version)")
        for line in lines { logger.warning("\(line)") }
    }

    /// - Throws: ``EngineFailure`` when the device cannot be used.
    func makeEngine() throws(EngineFailure) -> EngineWorker {
        try CoreEngine.make(device: DeviceRequest(named: device), folders: folders, options: compute)
    }
}
