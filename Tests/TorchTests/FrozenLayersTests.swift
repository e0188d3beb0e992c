import Testing

@testable import Torch

extension TorchSuites {
    /// Every layer that is computed as one, against the single layers that say what it is.
    @Suite("Frozen layers", .serialized)
    struct FrozenLayersTests {
        /// Random weights under any name and of any shape, always the same.
        private final class RandomWeights: StateDict {
            let path = "random"
            let keys: [String] = []
            let metadata: [String: String] = [:]
            let shapes: [String: [Int]]

            init(_ shapes: [String: [Int]]) { self.shapes = shapes }

            func shape(of key: String) -> [Int]? { shapes[key] }

            func tensor(_ key: String) throws(WeightsError) -> Tensor {
                let shape = shapes[key] ?? []
                let inputs = shape.dropFirst().reduce(1, *)
                let seed = UInt64(key.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF })
                do {
                    let values = try Tensor.normal(shape, seed: seed)
                    return try shape.count == 1 ? values * 0.3 + 0.5 : values * (1 / Double(inputs).squareRoot())
                } catch {
                    throw .torch(error)
                }
            }
        }

        private func convolution(_ inputs: Int, _ outputs: Int, kernel: Int = 3) throws -> Conv2d {
            let w = RandomWeights(["c.weight": [outputs, inputs, kernel, kernel], "c.bias": [outputs]])
            return try Conv2d(Weights(w) / "c", inputs, outputs, kernel: kernel, padding: kernel / 2)
        }

        private func norm(_ channels: Int, _ groups: Int) throws -> GroupNorm {
            let w = RandomWeights(["n.weight": [channels], "n.bias": [channels]])
            return try GroupNorm(Weights(w) / "n", channels: channels, groups: groups, epsilon: 1e-6)
        }

        private func error(_ ours: Tensor, _ reference: Tensor) throws -> Double {
            try (ours - reference).norm().item() / reference.norm().item()
        }

        /// Value and gradient of the body at a random point, with the fast layers or without them.
        private func result(
            _ shape: [Int],
            isExact: Bool = false,
            _ body: (Tensor) throws -> Tensor
        ) throws -> (value: Tensor, gradient: Tensor) {
            let previous = Runtime.setExact(isExact)
            defer { Runtime.setExact(previous) }
            let x = try (Tensor.normal(shape, seed: 3) * 1.5 + 0.5).requiringGradient()
            let y = try body(x)
            try y.backward(Tensor.normal(y.shape, seed: 5))
            return (y, try #require(try x.gradient()))
        }

        private func expectAgreement(
            _ shape: [Int],
            mayBeSame: Bool = false,
            sourceLocation: SourceLocation = #_sourceLocation,
            _ body: (Tensor) throws -> Tensor
        ) throws {
            let (value, gradient) = try result(shape, body)
            let (exact, exactGradient) = try result(shape, isExact: true, body)
            #expect(value.shape == exact.shape, sourceLocation: sourceLocation)
            #expect(try error(value, exact) < 2e-5, sourceLocation: sourceLocation)
            #expect(try error(gradient, exactGradient) < 2e-5, sourceLocation: sourceLocation)
            guard !mayBeSame else { return }
            #expect(try value.floats() != exact.floats(), "nothing was computed faster", sourceLocation: sourceLocation)
        }

        @Test(arguments: [[1, 64, 16, 16], [2, 64, 17, 31], [1, 80, 64, 40], [1, 128, 97, 65], [3, 64, 36, 18]])
        func aConvolutionAgrees(shape: [Int]) throws {
            let layer = try convolution(shape[1], 48)
            try expectAgreement(shape) { try layer($0) }
        }

        @Test(arguments: [[1, 64, 16, 16], [2, 80, 9, 31]])
        func aConvolutionOfAnEnlargedPictureAgrees(shape: [Int]) throws {
            let layer = try convolution(shape[1], 32)
            try expectAgreement(shape) { try layer.enlarging($0) }
            let (value, _) = try result(shape) { try layer.enlarging($0) }
            let (plain, _) = try result(shape, isExact: true) { try layer($0.upsampledNearest(2)) }
            #expect(try error(value, plain) < 2e-5)
        }

        @Test(arguments: [3, 12, 32])
        func aNormalizedConvolutionAgrees(outputs: Int) throws {
            let (norm, layer) = (try norm(64, 16), try convolution(64, outputs))
            try expectAgreement([2, 64, 20, 22]) { x in
                try x.normalizedConvolution(norm, layer) ?? layer(norm(x).silu())
            }
        }

        @Test(arguments: [(64, 64, false), (128, 64, false), (64, 96, true)])
        func aResidualBlockAgrees(inputs: Int, outputs: Int, isRecomputed: Bool) throws {
            let (norm1, norm2) = (try norm(inputs, 8), try norm(outputs, 16))
            let (first, second) = (try convolution(inputs, outputs), try convolution(outputs, outputs))
            let shortcut = inputs == outputs ? nil : try convolution(inputs, outputs, kernel: 1)
            try expectAgreement([2, inputs, 24, 33]) { x in
                let joint = try x.residualBlock(
                    norm1,
                    first,
                    norm2,
                    second,
                    shortcut: shortcut,
                    isRecomputed: isRecomputed
                )
                if let joint { return joint }
                return try (shortcut.map { try $0(x) } ?? x) + second(norm2(first(norm1(x).silu())).silu())
            }
        }

        @Test func layersOfFewChannelsAreLeftToTheLibrary() throws {
            for (channels, isFused) in [(FrozenLayers.fewestChannels - 16, false), (FrozenLayers.fewestChannels, true)]
            {
                let (norm, layer) = (try norm(channels, 8), try convolution(channels, channels))
                let x = try Tensor.normal([1, channels, 40, 40], seed: 1)
                let block = try x.residualBlock(norm, layer, norm, layer, shortcut: nil, isRecomputed: false)
                #expect((block != nil) == isFused)
                #expect(try (x.normalizedConvolution(norm, layer) != nil) == isFused)
            }
        }

        @Test func recomputingChangesNoBit() throws {
            let (norm, layer) = (try norm(64, 8), try convolution(64, 64))
            func gradient(_ isRecomputed: Bool) throws -> [Float] {
                try result([1, 64, 40, 40]) { x in
                    let y = try x.residualBlock(norm, layer, norm, layer, shortcut: nil, isRecomputed: isRecomputed)
                    return try #require(y)
                }.gradient.floats()
            }
            #expect(try gradient(true) == gradient(false))
        }

        @Test(arguments: [0, 1, 3], [false, true])
        func aTransformerBlockAgrees(queries: Int, isQuickGELU: Bool) throws {
            let shapes = [
                "n.weight": [64], "n.bias": [64], "in.weight": [192, 64], "in.bias": [192], "o.weight": [64, 64],
                "o.bias": [64], "e.weight": [256, 64], "e.bias": [256], "c.weight": [64, 256], "c.bias": [64],
            ]
            let w = Weights(RandomWeights(shapes))
            let norm = try LayerNorm(w / "n", width: 64)
            let (weight, bias) = (try (w / "in").tensor("weight"), try (w / "in").tensor("bias"))
            let (output, expand) = (try Linear(w / "o", 64, 64), try Linear(w / "e", 64, 256))
            let contract = try Linear(w / "c", 256, 64)
            var isJoint = false
            // Where both take their products from the same library, not a bit may differ.
            try expectAgreement([3, 7, 64], mayBeSame: true) { x in
                let joint = try x.transformerBlock(
                    norm,
                    inputWeight: weight,
                    inputBias: bias,
                    output: output,
                    norm,
                    expand: expand,
                    contract: contract,
                    heads: 4,
                    isQuickGELU: isQuickGELU,
                    queries: queries
                )
                if let joint {
                    isJoint = true
                    return joint
                }
                let parts = try norm(x).linear(weight, bias).reshaped([3, 7, 3, 4, 16]).permuted(2, 0, 3, 1, 4)
                func part(_ index: Int) throws -> Tensor {
                    try parts.slice(0, from: index, length: 1).reshaped([3, 4, 7, 16])
                }
                let mixed = try part(0).attention(key: part(1), value: part(2)).transposed(1, 2).reshaped([3, 7, 64])
                let h = try x + output(mixed)
                let inner = try expand(norm(h))
                let y = try h + contract(isQuickGELU ? inner.quickGelu() : inner.gelu())
                return queries == 0 ? y : try y.slice(1, from: 0, length: queries)
            }
            #expect(isJoint)
        }

        @Test func patchesAgree() throws {
            let w = RandomWeights(["c.weight": [24, 3, 8, 8]])
            let layer = try Conv2d(Weights(w) / "c", 3, 24, kernel: 8, stride: 8, hasBias: false)
            try expectAgreement([2, 3, 32, 24]) { try layer($0) }
        }

        @Test func weightsThatAreTrainedGetTheirGradients() throws {
            let (norm, layer) = (try norm(64, 8), try convolution(64, 64))
            try layer.weight.requiringGradient()
            let x = try Tensor.normal([1, 64, 20, 20], seed: 1)
            #expect(try x.residualBlock(norm, layer, norm, layer, shortcut: nil, isRecomputed: false) == nil)
            try layer(x).sum().backward()
            #expect(try #require(try layer.weight.gradient()).norm().item() > 0)
        }

        @Test func sizesThatDoNotSuitAreLeftToTheSingleLayers() throws {
            let (norm, layer) = (try norm(24, 8), try convolution(24, 24))
            let x = try Tensor.normal([1, 24, 20, 20], seed: 1)
            let small = try Tensor.normal([1, 32, 8, 8], seed: 1)
            let (norm32, layer32) = (try self.norm(32, 8), try convolution(32, 32))
            #expect(try small.normalizedConvolution(norm32, layer32) == nil)
            let fast = try x.normalizedConvolution(norm, layer)
            if let fast { #expect(try error(fast, layer(norm(x).silu())) < 2e-5) }
        }

        @Test func keptMemoryIsReusedAndGivenBack() throws {
            Runtime.keepMemory()
            var first: Tensor? = try Tensor.full(3, shape: [1 << 20])
            first = nil
            let second = try Tensor.full(4, shape: [1 << 20])
            Runtime.releaseMemory()
            #expect(first == nil)
            #expect(try second.sum().item() == Double(4 << 20))
        }
    }
}
