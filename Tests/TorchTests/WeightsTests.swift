import Testing

@testable import Torch

extension TorchSuites {
    @Suite("Weights", .serialized)
    struct WeightsTests {
        private func source() throws -> MemoryStateDict {
            let shapes: [String: [Int]] = [
                "mid.0.weight": [2, 3], "mid.0.bias": [2], "mid.1.weight": [2, 3], "mid.3.weight": [1],
                "mid.first.weight": [1], "out.weight": [4], "mid": [1],
            ]
            return MemoryStateDict(try shapes.mapValues { try Tensor.zeros($0) }, path: "model")
        }

        @Test func aMissingTensorNamesTheNearestKey() throws {
            let weights = Weights(try source()) / "mid" / 0
            let error = #expect(throws: WeightsError.self) { try weights.tensor("wieght") }
            #expect(error?.description == "model has no tensor mid.0.wieght; the nearest key is mid.0.weight")
            let shaped = #expect(throws: WeightsError.self) { try weights.tensor("wieght", [2, 3]) }
            #expect(shaped?.description == "model has no tensor mid.0.wieght [2, 3]; the nearest key is mid.0.weight")
            let shape = #expect(throws: WeightsError.self) { try weights.shape("gamma") }
            #expect(shape?.description.hasPrefix("model has no tensor mid.0.gamma; the nearest key is ") == true)
            let empty = #expect(throws: WeightsError.self) { try Weights(MemoryStateDict([:])).tensor("a") }
            #expect(empty?.description == "memory has no tensor a")
        }

        @Test func aWrongShapeNamesBoth() throws {
            let weights = Weights(try source()) / "mid" / "0"
            let error = #expect(throws: WeightsError.self) { try weights.tensor("weight", [3, 2]) }
            #expect(error?.description == "mid.0.weight has the shape [2, 3], not [3, 2]")
            #expect(try weights.tensor("weight", [2, 3]).shape == [2, 3])
            #expect(try weights.shape("bias") == [2])
        }

        @Test func whatNobodyTookIsNamed() throws {
            let weights = Weights(try source())
            _ = try (weights / "mid" / 0).tensor("weight")
            (weights / "mid" / 0).ignore("bias")
            let error = #expect(throws: WeightsError.self) { try weights.finish() }
            #expect(
                error?.description
                    == "model has tensors that the model does not use: mid [1], mid.1.weight [2, 3], mid.3.weight [1] and 2 more"
            )
            try weights.finish(ignoring: ["mid", "out."])
            try (weights / "mid" / 0).finish()
            let inner = #expect(throws: WeightsError.self) { try (weights / "mid").finish(ignoring: ["1.", "first"]) }
            #expect(inner?.description == "model has tensors that the model does not use: mid.3.weight [1]")
        }

        @Test func aTensorOfTheWrongShapeCountsAsUnused() throws {
            let weights = Weights(MemoryStateDict(["a": try Tensor.zeros([1])]))
            #expect(throws: WeightsError.self) { try weights.tensor("a", [2]) }
            #expect(throws: WeightsError.self) { try weights.finish() }
        }

        @Test func childrenAreCountedUpToTheFirstGap() throws {
            let weights = Weights(try source())
            #expect((weights / "mid").childCount == 2)
            #expect((weights / "mid" / 0).childCount == 0)
            #expect((weights / "nothing").childCount == 0)
            #expect((weights / "nothing").isEmpty)
            #expect(!(weights / "mid").isEmpty)
            #expect((weights / "mid" / 0).has("bias"))
            #expect(!(weights / "mid" / 1).has("bias"))
        }

        @Test func tensorsComeAsFloatsFromAnyPrefix() throws {
            let stored = try Tensor([1, 2] as [Int64], shape: [2])
            let weights = Weights(MemoryStateDict(["a.b": stored]), prefix: "a.")
            let tensor = try weights.tensor("b")
            #expect(tensor.type == .float32)
            #expect(try tensor.floats() == [1, 2])
            #expect(stored.type == .int64)
            try weights.finish()
        }
    }
}
