public import EngineKit
import Foundation
public import Torch

/// Makes the engine that paints.
public enum CoreEngine {
    /// - Parameters:
    ///   - device: see ``DeviceSelection``.
    ///   - folders: where runs are kept.
    /// - Returns: an engine without a model; send ``EngineCommand/load(_:)``.
    public static func make(device: Device, folders: DataFolders) -> EngineWorker {
        EngineWorker { note in
            // The interface wins a contested core, so that a key shows its effect at once.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
            return PaintingSession(device: device, runs: folders.runs, note: note)
        }
    }
}
