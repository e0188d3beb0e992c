import Foundation
import Testing
import WeightFiles

@testable import Torch

extension TorchSuites {
    @Suite("State dicts from files", .serialized)
    struct FileStateDictTests {
        private static func example() throws -> [UInt8] {
            let tensors = [
                "block.weight": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
                "block.bias": try Tensor([7, 8] as [Int64], shape: [2]),
            ]
            return try Safetensors.encode(tensors, metadata: ["format": "pt"])
        }

        @Test(arguments: ScalarType.allCases)
        func everyTypeReadsBackBitForBit(type: ScalarType) throws {
            let tensor = try Tensor([0, 1, 1, 0, 1, 0] as [Float], shape: [3, 1, 2]).converted(to: type)
            let scalar = try Tensor.full(1, shape: [], type: type)
            let nothing = try Tensor.full(1, shape: [0, 4], type: type)
            let names = ["a": tensor, "b": scalar, "c": nothing]
            let file = try TemporaryFile(try Safetensors.encode(names, metadata: ["ü": "\"x\"\n"]))
            let read = try FileStateDict(path: file.path)
            #expect(read.keys == ["a", "b", "c"])
            #expect(read.metadata == ["ü": "\"x\"\n"])
            for (name, original) in names {
                let copy = try read.tensor(name)
                #expect(copy.type == type)
                #expect(copy.shape == original.shape)
                #expect(read.shape(of: name) == original.shape)
                #expect(try copy.rawBytes() == original.rawBytes())
            }
        }

        @Test func valuesThatAreNoNumbersSurvive() throws {
            let values: [Float] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude]
            let file = try TemporaryFile(try Safetensors.encode(["x": try Tensor(values, shape: [5])]))
            let read = try FileStateDict(path: file.path).tensor("x").floats()
            #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
        }

        @Test func aTensorOfTooManyDimensionsIsNotWritten() throws {
            let tensor = try Tensor.zeros(Array(repeating: 1, count: 9))
            let error = #expect(throws: WeightsError.self) { try Safetensors.encode(["a": tensor]) }
            #expect(error?.description.hasPrefix("a: the shape [1, 1,") == true)
        }

        @Test func aTensorThatIsNotThereIsNamed() throws {
            let file = try TemporaryFile(try Self.example())
            let read = try FileStateDict(path: file.path)
            #expect(read.shape(of: "nothing") == nil)
            let error = #expect(throws: WeightsError.self) { try read.tensor("nothing") }
            #expect(error?.description == "\(file.path) has no tensor nothing")
        }

        @Test func aFileThatShrinksWhileItIsOpenGivesAnErrorAndNoTensor() throws {
            let file = try TemporaryFile(try Self.example())
            let read = try FileStateDict(path: file.path)
            let live = Tensor.liveCount
            try FileHandle(forWritingTo: URL(filePath: file.path)).truncate(atOffset: 100)
            let error = #expect(throws: WeightsError.self) { try read.tensor("block.weight") }
            #expect(error?.description == "\(file.path) has become shorter while it was being read")
            #expect(Tensor.liveCount == live)
        }

        @Test func changedBytesGiveAnErrorOrTensorsThatFit() throws {
            let whole = try Self.example()
            let file = try TemporaryFile(whole)
            let live = Tensor.liveCount
            var state: UInt64 = 7
            func random(_ limit: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % limit
            }
            var refused = 0
            for _ in 0..<3000 {
                var bytes = whole
                for _ in 0...random(4) {
                    let place = random(bytes.count)
                    switch random(4) {
                    case 0: bytes[place] = UInt8(random(256))
                    case 1: bytes[place] ^= 1 << UInt8(random(8))
                    case 2:
                        bytes.insert(contentsOf: Array("\"[{:,}]0-9e".utf8)[random(11)...].prefix(random(3)), at: place)
                    default: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random(3)))
                    }
                    if bytes.isEmpty { bytes = [0] }
                }
                try file.write(bytes)
                do {
                    let read = try FileStateDict(path: file.path)
                    for key in read.keys { #expect(try read.tensor(key).shape == read.shape(of: key)) }
                } catch {
                    refused += 1
                    #expect(!error.description.isEmpty)
                }
            }
            #expect(refused > 1000)
            #expect(Tensor.liveCount == live)
        }
    }
}
