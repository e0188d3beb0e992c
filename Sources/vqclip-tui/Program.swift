import Core
import EngineKit
import Torch

/// What the arguments and the configuration come to.
struct Program {
    let folders = DataFolders()
    let settings: [SettingKey: String]
    let models: ModelChoice
    let device: String
    /// What is wrong with the configuration, one line each.
    let issues: [String] = []

    init(_ options: PaintingOptions) throws {
        settings = try options.settings()
        models = options.models(configured: .builtIn)
        device = options.device ?? "auto"
    }

    /// - Throws: ``EngineFailure`` when the device cannot be used.
    func makeEngine() throws(EngineFailure) -> EngineWorker {
        CoreEngine.make(device: try DeviceSelection.device(named: device), folders: folders)
    }
}
