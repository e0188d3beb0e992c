import Foundation
import Glibc
import Testing

@testable import Torch

extension TorchSuites {
    @Suite("Safetensors", .serialized)
    struct SafetensorsTests {
        private static func file(header: String, body: [UInt8] = []) -> [UInt8] {
            file(length: UInt64(header.utf8.count), header: header, body: body)
        }

        private static func file(length: UInt64, header: String, body: [UInt8] = []) -> [UInt8] {
            withUnsafeBytes(of: length.littleEndian) { Array($0) } + Array(header.utf8) + body
        }

        private static func entry(_ type: String = "F32", _ shape: String = "[1]", _ offsets: String = "[0,4]")
            -> String
        {
            #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
        }

        private static func example() throws -> [UInt8] {
            let tensors = [
                "block.weight": try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
                "block.bias": try Tensor([7, 8] as [Int64], shape: [2]),
            ]
            return try SafetensorsFile.encode(tensors, metadata: ["format": "pt"])
        }

        /// The problem of a file that cannot be used.
        private func problem(_ bytes: [UInt8]) throws -> String {
            let file = try TemporaryFile(bytes)
            let error = #expect(throws: WeightsError.self) { try SafetensorsFile(path: file.path) }
            return error?.description ?? ""
        }

        @Test(arguments: ScalarType.allCases)
        func everyTypeReadsBackBitForBit(type: ScalarType) throws {
            let tensor = try Tensor([0, 1, 1, 0, 1, 0] as [Float], shape: [3, 1, 2]).converted(to: type)
            let scalar = try Tensor.full(1, shape: [], type: type)
            let nothing = try Tensor.full(1, shape: [0, 4], type: type)
            let names = ["a": tensor, "b": scalar, "c": nothing]
            let file = try TemporaryFile(try SafetensorsFile.encode(names, metadata: ["ü": "\"x\"\n"]))
            let read = try SafetensorsFile(path: file.path)
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

        @Test func tensorsStartAtAMultipleOfEight() throws {
            for name in ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"] {
                let bytes = try SafetensorsFile.encode([name: try Tensor.zeros([3])])
                #expect((bytes.count - 12) % 8 == 0)
                #expect(Array(bytes.suffix(12)) == Array(repeating: 0, count: 12))
            }
        }

        @Test func valuesThatAreNoNumbersSurvive() throws {
            let values: [Float] = [.nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude]
            let file = try TemporaryFile(try SafetensorsFile.encode(["x": try Tensor(values, shape: [5])]))
            let read = try SafetensorsFile(path: file.path).tensor("x").floats()
            #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
        }

        @Test func aTensorThatIsNotThereIsNamed() throws {
            let file = try TemporaryFile(try Self.example())
            let read = try SafetensorsFile(path: file.path)
            #expect(read.shape(of: "nothing") == nil)
            let error = #expect(throws: WeightsError.self) { try read.tensor("nothing") }
            #expect(error?.description == "\(file.path) has no tensor nothing")
        }

        @Test(arguments: [
            (file(length: 1 << 63, header: "{}"), "its header length is impossible"),
            (file(length: .max, header: "{}"), "its header length is impossible"),
            (file(length: 100_000_001, header: "{}"), "its header length is impossible"),
            (file(length: 3, header: "{}"), "is cut off inside its header"),
            (file(length: 0, header: "{}"), "is not a JSON object"),
            (file(length: 1, header: "{}"), "is not a JSON object"),
            ([], "is empty"), ([1, 2, 3], "is too short"), (file(header: "[]"), "is not a JSON object"),
            (file(header: "null"), "is not a JSON object"), (file(header: "hello"), "is not a JSON object"),
            (file(header: "{\"a\":"), "is not a JSON object"), (file(header: "\u{0}"), "is not a JSON object"),
            (file(header: String(repeating: "[", count: 100_000)), "is not a JSON object"),
            (file(header: String(repeating: "{\"a\":", count: 100_000)), "is not a JSON object"),
            (Array("PK\u{3}\u{4}and so on".utf8), "its header length is impossible"),
        ])
        func aBrokenHeaderIsNamed(bytes: [UInt8], expected: String) throws {
            let problem = try problem(bytes)
            #expect(problem.contains(expected), "\(problem)")
        }

        @Test(arguments: [
            (entry("F32", "[1]", "[-4,0]"), "impossible offsets for a"),
            (entry("F32", "[1]", "[4,0]"), "impossible offsets for a"),
            (entry("F32", "[1]", "[8,12]"), "cut off: a lies beyond its end"),
            (entry("F32", "[1]", "[0,9223372036854775807]"), "a lies beyond its end"),
            (entry("F32", "[1]", "[0,99999999999999999999]"), "malformed entry for a"),
            (entry("F32", "[1]", "[0]"), "malformed entry for a"),
            (entry("F32", "[1]", "[0,4,4]"), "malformed entry for a"),
            (entry("F32", "[1]", "[0.5,4]"), "malformed entry for a"),
            (entry("F32", "[1]", "null"), "malformed entry for a"),
            (entry("F32", "[2]", "[0,4]"), "gives a 4 bytes, its shape needs 8"),
            (entry("F32", "[-1]", "[0,4]"), "impossible shape [-1] for a"),
            (entry("F32", "[-1,-1]", "[0,4]"), "impossible shape"),
            (entry("F32", "[4611686018427387904,4]", "[0,4]"), "impossible shape"),
            (entry("F32", "[4294967296,4294967296,0]", "[0,0]"), "impossible shape"),
            (entry("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "malformed entry for a"),
            (entry("F32", "[\"1\"]", "[0,4]"), "malformed entry for a"),
            (entry("F32", "1", "[0,4]"), "malformed entry for a"),
            (entry("F8_E4M3", "[4]", "[0,4]"), "type F8_E4M3 is not supported"),
            (entry("", "[4]", "[0,4]"), "is not supported"), ("[]", "malformed entry for a"),
            ("3", "malformed entry for a"),
            ("{}", "malformed entry for a"), ("\(entry()),\"a\":\(entry())", "names a tensor twice"),
            ("\(entry()),\"\\u0061\":\(entry())", "names a tensor twice"),
            ("\(entry()),\"b\":\(entry())", "gives b bytes that belong to another tensor"),
            (
                "\(entry("U8", "[4]", "[0,4]")),\"b\":\(entry("U8", "[2]", "[3,5]"))",
                "bytes that belong to another tensor"
            ),
        ])
        func aBrokenEntryIsNamed(entry: String, expected: String) throws {
            let body: [UInt8] = [0, 0, 128, 63, 0, 0]
            let problem = try problem(Self.file(header: "{\"a\":\(entry)}", body: body))
            // Two tensors in the same place may be named in either order.
            let either = problem.replacing("gives a bytes", with: "gives b bytes")
            #expect(either.contains(expected), "\(problem)")
        }

        @Test func namesMayLookLikeJSON() throws {
            let name = #"a":{"b\"#
            let file = try TemporaryFile(try SafetensorsFile.encode([name: try Tensor.zeros([1])]))
            #expect(try SafetensorsFile(path: file.path).keys == [name])
        }

        @Test func aFileCutOffAnywhereIsAnError() throws {
            let whole = try Self.example()
            let file = try TemporaryFile(whole)
            for count in whole.indices {
                try file.write(Array(whole[..<count]))
                let error = #expect(throws: WeightsError.self, "\(count)") { try SafetensorsFile(path: file.path) }
                #expect(error?.description.hasPrefix(file.path) == true)
            }
            try file.write(whole)
            #expect(try SafetensorsFile(path: file.path).keys == ["block.bias", "block.weight"])
        }

        @Test func whatIsNoFileIsNamed() throws {
            let folder = FileManager.default.temporaryDirectory.path
            let fifo = folder + "/fifo-\(UUID().uuidString)"
            #expect(mkfifo(fifo, 0o600) == 0)
            defer { unlink(fifo) }
            for (path, expected) in [
                (folder, "is a folder"), (fifo, "is not a regular file"), ("/dev/zero", "is not a regular file"),
                ("/no such file", "does not exist"), ("", "does not exist"),
            ] {
                let error = #expect(throws: WeightsError.self) { try SafetensorsFile(path: path) }
                #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
            }
        }

        @Test func manyTensorsAndALargeHeaderAreFine() throws {
            let one = try Tensor([1] as [Float], shape: [1])
            let names = (0..<3000).map { "\($0)" + String(repeating: "x", count: 100) }
            let file = try TemporaryFile(
                try SafetensorsFile.encode(Dictionary(uniqueKeysWithValues: names.map { ($0, one) }))
            )
            #expect(try SafetensorsFile(path: file.path).keys.count == 3000)
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
                    let read = try SafetensorsFile(path: file.path)
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
