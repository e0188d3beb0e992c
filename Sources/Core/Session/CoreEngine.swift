public import EngineKit
import Foundation
public import Torch

/// Makes the engine that paints.
public enum CoreEngine {
    /// - Parameters:
    ///   - device: see ``DeviceSelection``.
    ///   - folders: where runs are kept.
    ///   - threads: CPU threads of one operation; `nil` for as many as there are cores.
    /// - Returns: an engine without a model; send ``EngineCommand/load(_:)``.
    public static func make(device: Device, folders: DataFolders, threads: Int? = nil) -> EngineWorker {
        EngineWorker { note in
            // OpenMP's number of threads belongs to the thread that asks for it.
            if let threads, (try? Runtime.setThreadCount(threads)) == nil { note("\(threads) threads cannot be used") }
            // The interface wins a contested core, so that a key shows its effect at once.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 2)
            return PaintingSession(device: device, runs: folders.runs, note: note)
        }
    }
}
