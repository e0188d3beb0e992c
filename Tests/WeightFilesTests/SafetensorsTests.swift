import Foundation
import Glibc
import Testing
import WeightFiles

@Suite("Safetensors")
struct SafetensorsTests {
    private static func file(header: String, body: [UInt8] = []) -> [UInt8] {
        file(length: UInt64(header.utf8.count), header: header, body: body)
    }

    private static func file(length: UInt64, header: String, body: [UInt8] = []) -> [UInt8] {
        bytes([length]) + Array(header.utf8) + body
    }

    private static func entry(_ type: String = "F32", _ shape: String = "[1]", _ offsets: String = "[0,4]") -> String {
        #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    private static func example() throws -> [UInt8] {
        try encode(
            [
                "block.weight": (.float32, [2, 3], floatBytes([1, 2, 3, 4, 5, 6])),
                "block.bias": (.int64, [2], bytes([7, 8])),
            ],
            metadata: ["format": "pt"]
        )
    }

    static func encode(
        _ tensors: [String: (type: ElementType, shape: [Int], bytes: [UInt8])],
        metadata: [String: String] = [:]
    ) throws -> [UInt8] {
        let infos = try tensors.mapValues { try #require(TensorInfo(type: $0.type, shape: $0.shape)) }
        var result: [UInt8] = []
        try SafetensorsWriter(infos, metadata: metadata).write(to: { result += $0 }) { key, _, sink in
            try tensors[key]?.bytes.withUnsafeBytes(sink)
        }
        return result
    }

    @Test(arguments: ElementType.allCases)
    func everyTypeReadsBackBitForBit(type: ElementType) throws {
        let tensors: [String: (ElementType, [Int], [UInt8])] = [
            "a": (type, [3, 1, 2], (0..<UInt8(6 * type.size)).map { $0 &* 37 }),
            "b": (type, [], Array(repeating: 1, count: type.size)),
            "c": (type, [0, 4], []),
        ]
        let file = try TemporaryFile(try Self.encode(tensors, metadata: ["ü": "\"x\"\n", "/": "\\u0000"]))
        let read = try WeightFile(path: file.path)
        #expect(read.format == .safetensors)
        #expect(read.keys == ["a", "b", "c"])
        #expect(read.metadata == ["ü": "\"x\"\n", "/": "\\u0000"])
        for (name, (type, shape, bytes)) in tensors {
            #expect(read.info(name) == TensorInfo(type: type, shape: shape))
            #expect(try read.read(name) == bytes)
        }
    }

    @Test func tensorsStartAtAMultipleOfTheirElements() throws {
        for name in ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"] {
            let content = try Self.encode([
                name: (.uint8, [3], [1, 2, 3]), "half": (.float16, [1], [4, 5]),
                "double": (.float64, [1], Array(repeating: 6, count: 8)),
            ])
            #expect((content.count - 13) % 8 == 0)
            #expect(Array(content.suffix(13)) == Array(repeating: 6, count: 8) + [4, 5, 1, 2, 3])
        }
    }

    @Test func aWriterThatGetsTheWrongBytesSaysSo() throws {
        for count in [0, 3, 5] {
            let error = #expect(throws: SafetensorsWriterError.self) {
                try Self.encode(["a": (.float32, [1], Array(repeating: 0, count: count))])
            }
            #expect(error?.description == "a did not get the 4 bytes that it has")
        }
    }

    @Test func theSizeOfAFileIsKnownBefore() throws {
        let writer = SafetensorsWriter(["a": try #require(TensorInfo(type: .int16, shape: [5]))])
        #expect(writer.fileSize == (try Self.encode(["a": (.int16, [5], Array(repeating: 0, count: 10))])).count)
    }

    @Test func escapesInNamesAreUnderstood() throws {
        let header =
            #" { "\u00e9\ud83d\ude00\/\"\\" : \#(Self.entry()) , "b":{"x":[1,{"y":null}],"dtype":"F32", "shape" :[ ],"data_offsets":[4, 8] } } "#
        let file = try TemporaryFile(Self.file(header: header, body: floatBytes([1, 2])))
        let read = try WeightFile(path: file.path)
        #expect(read.keys == ["b", "é😀/\"\\"])
        #expect(try read.read("b") == floatBytes([2]))
    }

    /// Lengths whose bytes are those that pickles, zip archives and gzip files begin with.
    @Test(arguments: [0x0280, 0x0480, 0x8B1F, 0x4B50])
    func aLengthMayLookLikeAnotherFormat(length: Int) throws {
        let header = "{\"a\":\(Self.entry())}"
        let padded = header + String(repeating: " ", count: length - header.utf8.count)
        let file = try TemporaryFile(Self.file(header: padded, body: floatBytes([1])))
        #expect(try WeightFile(path: file.path).read("a") == floatBytes([1]))
    }

    @Test func aTensorThatIsNotThereIsNamed() throws {
        let file = try TemporaryFile(try Self.example())
        let read = try WeightFile(path: file.path)
        #expect(read.info("nothing") == nil)
        let error = #expect(throws: WeightFileError.self) { try read.read("nothing") }
        #expect(error?.summary == "\(file.path) has no tensor nothing")
    }

    @Test func aBufferMustHaveTheTensorsSize() throws {
        let file = try TemporaryFile(try Self.example())
        let read = try WeightFile(path: file.path)
        var buffer = [UInt8](repeating: 0, count: 23)
        #expect(throws: WeightFileError.self) {
            try buffer.withUnsafeMutableBytes { try read.read("block.weight", into: $0) }
        }
    }

    @Test(arguments: [
        (file(length: 1 << 63, header: "{}"), "its header length is impossible"),
        (file(length: .max, header: "{}"), "its header length is impossible"),
        (file(length: 100_000_001, header: "{}"), "its header length is impossible"),
        (file(length: 3, header: "{}"), "is cut off: inside its header"),
        (file(length: 0, header: "{}"), "is not a JSON object"),
        (file(length: 1, header: "{}"), "is not a JSON object"),
        ([], "is empty"), ([1, 2, 3], "is too short"), (file(header: "[]"), "is not a JSON object"),
        (file(header: "null"), "is not a JSON object"), (file(header: "hello"), "is not a JSON object"),
        (file(header: "{\"a\":"), "is not a JSON object"), (file(header: "\u{0}"), "is not a JSON object"),
        (file(header: "{} x"), "is not a JSON object"), (file(header: "{\"\\ud800\":1}"), "is not a JSON object"),
        (file(header: "{\"a\":01}"), "is not a JSON object"), (file(header: "{\"a\":tru}"), "is not a JSON object"),
    ])
    func aBrokenHeaderIsNamed(bytes: [UInt8], expected: String) throws {
        let problem = try problem(bytes)
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test(arguments: ["[", "{\"a\":", "{\"a\":[[", "\""])
    func aDeepHeaderIsNoProblem(start: String) throws {
        let problem = try problem(Self.file(header: start + String(repeating: start, count: 100_000)))
        #expect(problem.contains("is not a JSON object"))
    }

    @Test(arguments: [
        (entry("F32", "[1]", "[-4,0]"), "impossible offsets"),
        (entry("F32", "[1]", "[4,0]"), "impossible offsets"),
        (entry("F32", "[1]", "[8,12]"), "is cut off: a lies beyond its end"),
        (entry("F32", "[1]", "[0,9223372036854775807]"), "a lies beyond its end"),
        (entry("F32", "[1]", "[0,99999999999999999999]"), "entry for a is malformed"),
        (entry("F32", "[1]", "[0]"), "entry for a is malformed"),
        (entry("F32", "[1]", "[0,4,4]"), "entry for a is malformed"),
        (entry("F32", "[1]", "[0.5,4]"), "entry for a is malformed"),
        (entry("F32", "[1]", "null"), "entry for a is malformed"),
        (entry("F32", "[2]", "[0,4]"), "a has 4 bytes, its shape needs 8"),
        (entry("F32", "[-1]", "[0,4]"), "a has the impossible shape [-1]"),
        (entry("F32", "[-1,-1]", "[0,4]"), "impossible shape"),
        (entry("F32", "[4611686018427387904,4]", "[0,4]"), "impossible shape"),
        (entry("F32", "[4294967296,4294967296,0]", "[0,0]"), "impossible shape"),
        (entry("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "entry for a is malformed"),
        (entry("F32", "[\"1\"]", "[0,4]"), "entry for a is malformed"),
        (entry("F32", "1", "[0,4]"), "entry for a is malformed"),
        (entry("F8_E4M3", "[4]", "[0,4]"), "type F8_E4M3, which is not supported"),
        (entry("", "[4]", "[0,4]"), "is not supported"), ("[]", "entry for a is malformed"),
        ("3", "entry for a is malformed"), ("{}", "entry for a is malformed"),
        ("{\"dtype\":\"F32\",\(entry().dropFirst())", "entry for a is malformed"),
        ("\(entry()),\"a\":\(entry())", "names a tensor twice"),
        ("\(entry()),\"\\u0061\":\(entry())", "names a tensor twice"),
        ("\(entry()),\"\\u001b[2J\":\(entry())", "a tensor has an impossible name"),
        ("\(entry()),\"b\":\(entry())", "b has bytes that belong to another tensor"),
        ("\(entry("U8", "[4]", "[0,4]")),\"b\":\(entry("U8", "[2]", "[3,5]"))", "bytes that belong to another tensor"),
    ])
    func aBrokenEntryIsNamed(entry: String, expected: String) throws {
        let body: [UInt8] = [0, 0, 128, 63, 0, 0]
        let problem = try problem(Self.file(header: "{\"a\":\(entry)}", body: body))
        // Two tensors in the same place may be named in either order.
        let either = problem.replacing("a has bytes", with: "b has bytes")
        #expect(either.contains(expected), "\(problem)")
    }

    @Test func namesMayLookLikeJSON() throws {
        let name = #"a":{"b\"#
        let file = try TemporaryFile(try Self.encode([name: (.float32, [1], [0, 0, 0, 0])]))
        #expect(try WeightFile(path: file.path).keys == [name])
    }

    @Test func aFileCutOffAnywhereIsAnError() throws {
        let whole = try Self.example()
        for count in whole.indices { _ = try problem(Array(whole[..<count])) }
        let cut = try problem(Array(whole.dropLast()))
        #expect(cut.contains("an incomplete download, \(whole.count - 1) of \(whole.count) bytes; download it again"))
    }

    @Test func theSizeOfAnIncompleteDownloadIsInReadableUnits() throws {
        let large = Self.file(header: "{\"a\":\(Self.entry("U8", "[4263525412]", "[0,4263525412]"))}")
        #expect(try problem(large).contains("an incomplete download, 0.0 of 4.2 GB"))
    }

    @Test func manyTensorsAndALargeHeaderAreFine() throws {
        let names = (0..<3000).map { "\($0)" + String(repeating: "x", count: 100) }
        let tensors = names.map { ($0, (ElementType.uint8, [1], [UInt8(7)])) }
        let file = try TemporaryFile(try Self.encode(Dictionary(uniqueKeysWithValues: tensors)))
        #expect(try WeightFile(path: file.path).keys.count == 3000)
    }

    @Test func aFileThatShrinksWhileItIsOpenGivesAnError() throws {
        let file = try TemporaryFile(try Self.example())
        let read = try WeightFile(path: file.path)
        #expect(truncate(file.path, 100) == 0)
        let error = #expect(throws: WeightFileError.self) { try read.read("block.weight") }
        #expect(error?.problem == "has become shorter while it was being read")
    }
}
