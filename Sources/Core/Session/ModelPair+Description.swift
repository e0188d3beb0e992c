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
            hasSketchbook: sketches != nil
        )
    }
}
