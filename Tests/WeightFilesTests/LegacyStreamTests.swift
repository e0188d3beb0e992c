import Foundation
import Testing
import WeightFiles

@Suite("PyTorch's old format")
struct LegacyStreamTests {
    static let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    /// A file with a value and its storages, each with the number of its elements.
    static func file(
        _ value: [UInt8],
        storages: [(key: String, count: Int, data: [UInt8])] = [("7", 6, floatBytes([0, 1, 2, 3, 4, 5]))],
        version: Int = 1001,
        littleEndian: Bool = true,
        start: [UInt8] = magic
    ) -> [UInt8] {
        let system = Pickle.dictionary([
            ("protocol_version", Pickle.int(version)), ("little_endian", [littleEndian ? 0x88 : 0x89]),
        ])
        var file = Pickle.whole(start) + Pickle.whole(Pickle.int(version)) + Pickle.whole(system) + Pickle.whole(value)
        file += Pickle.whole(Pickle.list(storages.map { Pickle.string($0.key) }))
        for storage in storages { file += bytes([storage.count]) + storage.data }
        return file
    }

    private static let storage = Pickle.storage("7", count: 6, view: Pickle.none)

    @Test func tensorsAreRead() throws {
        let file = try TemporaryFile(
            Self.file(
                Pickle.dictionary([
                    (
                        "state_dict",
                        Pickle.dictionary([
                            ("a", Pickle.tensor(Self.storage, [3, 2], strides: [1, 3])),
                            ("b", Pickle.tensor(Pickle.storage("8", "LongStorage", count: 1, view: Pickle.none), [])),
                        ])
                    ), ("epoch", Pickle.int(3)), ("other", Pickle.tensor(Self.storage, [2])),
                ]),
                storages: [("7", 6, floatBytes([0, 1, 2, 3, 4, 5])), ("8", 1, bytes([-9]))]
            )
        )
        let read = try WeightFile(path: file.path)
        #expect(read.format == .torchLegacy)
        #expect(read.keys == ["a", "b"])
        #expect(read.metadata == ["epoch": "3"])
        #expect(read.other == [OtherContent(name: "other", tensors: 1, bytes: 8)])
        #expect(try read.read("a") == floatBytes([0, 3, 1, 4, 2, 5]))
        #expect(try read.read("b") == bytes([-9]))
    }

    @Test func partsOfAStorageAreRead() throws {
        let view = Pickle.tuple([Pickle.string("9"), Pickle.int(2), Pickle.int(3)])
        let storage = Pickle.storage("7", count: 6, view: view)
        let file = try TemporaryFile(Self.file(Pickle.dictionary([("a", Pickle.tensor(storage, [2], offset: 1))])))
        #expect(try WeightFile(path: file.path).read("a") == floatBytes([3, 4]))
        let beyond = Pickle.dictionary([("a", Pickle.tensor(storage, [3], offset: 1))])
        #expect(try problem(Self.file(beyond)).contains("a lies outside of its storage"))
        let wrong = Pickle.tuple([Pickle.string("9"), Pickle.int(4), Pickle.int(3)])
        let outside = Pickle.tensor(Pickle.storage("7", count: 6, view: wrong), [1])
        #expect(try problem(Self.file(Pickle.dictionary([("a", outside)]))).contains("lies outside of the rest"))
    }

    @Test func classesWithTheirSourceAreStandIns() throws {
        let type = Pickle.tuple([
            Pickle.string("module"), Pickle.global("models", "Net"), Pickle.string("net.py"),
            Pickle.string("import os"),
        ])
        let state = Pickle.dictionary([
            ("_parameters", Pickle.dictionary([("w", Pickle.tensor(Self.storage, [6]))])),
            ("_modules", Pickle.dictionary([(String, [UInt8])]())),
        ])
        let object = type + Pickle.text("Q)") + [0x81] + state + Pickle.text("b")
        let file = try TemporaryFile(Self.file(object))
        let read = try WeightFile(path: file.path)
        #expect(read.keys == ["w"])
        #expect(read.standIns == ["models.Net"])
    }

    @Test func thePreambleIsChecked() throws {
        let value = Pickle.dictionary([("a", Pickle.tensor(Self.storage, [6]))])
        #expect(try problem(Self.file(value, version: 1002)).contains("is in an unknown version"))
        #expect(try problem(Self.file(value, littleEndian: false)).contains("written by a big-endian computer"))
        #expect(try problem(Self.file(value, start: Pickle.int(5))).contains("not one that torch.save made"))
        #expect(try problem(Pickle.whole(value)).contains("not one that torch.save made"))
    }

    @Test func theEarliestProtocolIsRead() throws {
        let start = Array("L119547037146038801333356L\n.I1001\n.".utf8)
        let system = Array("(dS'little_endian'\nI01\ns.".utf8)
        let global = "ctorch._utils\n_rebuild_tensor\n"
        let storage = "(S'storage'\nctorch\nFloatStorage\nS'7'\nS'cpu'\nL6L\nNtQ"
        let value = Array("(dp0\nS'it\\'s'\np1\n\(global)(\(storage)I1\n(I2\ntp2\n(I1\nttRp3\nsg1\n0.".utf8)
        let keys = Array("(lp0\nS'7'\na.".utf8)
        let file = try TemporaryFile(start + system + value + keys + bytes([6]) + floatBytes([0, 1, 2, 3, 4, 5]))
        let read = try WeightFile(path: file.path)
        #expect(read.keys == ["it's"])
        #expect(try read.read("it's") == floatBytes([1, 2]))
    }

    @Test func recordsMustFit() throws {
        let value = Pickle.dictionary([("a", Pickle.tensor(Self.storage, [6]))])
        let data = floatBytes([0, 1, 2, 3, 4, 5])
        #expect(try problem(Self.file(value, storages: [("7", 5, data)])).contains("do not fit the tensors"))
        #expect(try problem(Self.file(value, storages: [("7", -1, data)])).contains("do not fit the tensors"))
        #expect(try problem(Self.file(value, storages: [("8", 6, data)])).contains("does not fit the tensors"))
        #expect(try problem(Self.file(value, storages: [])).contains("the data of a are not in it"))
        #expect(try problem(Self.file(value, storages: [("7", 6, data), ("7", 6, data)])).contains("does not fit"))
    }

    @Test func aFileCutOffAnywhereIsAnError() throws {
        let whole = Self.file(Pickle.dictionary([("a", Pickle.tensor(Self.storage, [6]))]))
        for count in whole.indices { _ = try problem(Array(whole[..<count])) }
        let cut = try problem(Array(whole.dropLast(9)))
        #expect(
            cut.hasSuffix(
                "is cut off: an incomplete download, \(whole.count - 9) of \(whole.count) bytes; download it again"
            )
        )
    }

    @Test func aFewElementsOfALargeStorageAreReadWithoutTheRest() throws {
        let count = 40_000_000
        let storage = Pickle.storage("7", "HalfStorage", count: count, view: Pickle.none)
        let tensor = Pickle.tensor(storage, [3, 1], strides: [19_999_999, 1], offset: 1)
        let start = Self.file(Pickle.dictionary([("a", tensor)]), storages: [("7", count, [])])
        let file = try TemporaryFile(start)
        let handle = try FileHandle(forWritingTo: URL(filePath: file.path))
        try handle.truncate(atOffset: UInt64(start.count + count * 2))
        for index in 0..<3 {
            try handle.seek(toOffset: UInt64(start.count + (index * 19_999_999 + 1) * 2))
            try handle.write(contentsOf: [UInt8(index + 1)])
        }
        #expect(try WeightFile(path: file.path).read("a") == [1, 0, 2, 0, 3, 0])
    }
}
