import EngineKit
import Torch

extension ModelPair {
    /// What front ends need to know.
    var description: ModelDescription {
        ModelDescription(
            choice: choice,
            summary: summary,
            cellSize: vqgan.cellSize,
            device: "\(device)",
            recommended: recommended,
            tokens: SharedTokenCounting(clips.members.map(\.clip.tokenizer)),
            hasSketchbook: sketches != nil,
            costs: costs
        )
    }

    /// What runs with these models cost, counted from what is in memory now that they are loaded.
    private var costs: RunCosts {
        let base: UInt64 =
            switch device {
            case .cpu: ProcessMemory.resident
            case .cuda(let index): (try? Runtime.cudaMemory(index)).map { $0.total - min($0.total, $0.free) } ?? 0
            }
        return RunCosts(
            counting: StepCost(
                vqgan: vqgan.configuration,
                clips: clips.members.map(\.clip.configuration),
                baseBytes: Double(base)
            ),
            measured: CalibrationFile.read(DataFolders().calibrationFile),
            conditions: CalibrationTable.Conditions(models: summary, device: "\(device)")
        )
    }
}
