public import EngineKit
import Foundation

/// Makes the engine that paints.
public enum CoreEngine {
    /// Returns at once: libtorch is loaded on the engine's thread, with the first models.
    /// - Parameters:
    ///   - device: where to compute.
    ///   - folders: where runs are kept.
    /// - Returns: an engine without a model; send ``EngineCommand/load(_:)``.
    /// - Throws: ``EngineFailure`` when the user has named a CUDA device that is not there.
    public static func make(
        device: DeviceRequest,
        folders: DataFolders,
        options: ComputeOptions = ComputeOptions()
    ) throws(EngineFailure) -> EngineWorker {
        // Said before there is a screen, at the price of loading libtorch here.
        if case .cuda = device { _ = try DeviceSelection.device(device) }
        return EngineWorker { note in
            // The interface wins a contested core, so that a key shows its effect at once.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 2)
            return PaintingSession(device: device, options: options, runs: folders.runs, note: note)
        }
    }
}
