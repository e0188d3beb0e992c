import EngineKit
import Torch

extension ModelPair {
    /// What front ends need to know.
    func description(_ options: ComputeOptions) -> ModelDescription {
        ModelDescription(
            choice: choice,
            summary: summary,
            cellSize: vqgan.cellSize,
            device: "\(device)",
            recommended: recommended,
            tokens: SharedTokenCounting(clips.members.map(\.clip.tokenizer)),
            hasSketchbook: sketches != nil,
            costs: costs(options)
        )
    }

    /// What runs with these models cost, counted from what is in memory now that they are loaded.
    private func costs(_ options: ComputeOptions) -> RunCosts {
        let base: UInt64 =
            switch device {
            case .cpu: ProcessMemory.resident
            case .cuda(let index): (try? Runtime.cudaMemory(index)).map { $0.total - min($0.total, $0.free) } ?? 0
            }
        return RunCosts(
            counting: StepCost(
                vqgan: vqgan.configuration,
                clips: clips.members.map(\.clip.configuration),
                isExact: options.isExact || device != .cpu,
                baseBytes: Double(base),
                room: MemoryEstimate.room(on: device, options.memory)?.bytes ?? .infinity
            ),
            measured: CalibrationFile.read(DataFolders().calibrationFile),
            conditions: CalibrationTable.Conditions(
                models: summary,
                device: "\(device)" + (options.isExact ? ", exact" : "")
            )
        )
    }
}
