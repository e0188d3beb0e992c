public import EngineKit
public import Torch

extension TorchError: UserFacingError {
    public var failure: EngineFailure {
        switch code {
        case .outOfMemory:
            EngineFailure(.memory, "out of memory", hint: "use a smaller size, fewer cuts or a smaller micro-batch")
        case .notLoaded: EngineFailure(.other, message, hint: "run make build in the program's checkout")
        default:
            EngineFailure(.other, "the computation failed (\(description))", hint: "try another size or model")
        }
    }
}

extension WeightsError: UserFacingError {
    public var failure: EngineFailure {
        EngineFailure(weights: self)
    }
}
