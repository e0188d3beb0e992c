import Foundation
import Testing
import WeightFiles

/// Files that would do harm if what they say were done.
@Suite("Hostile pickles")
struct HostilePickleTests {
    private static let tensor = Pickle.tensor(Pickle.storage("0", count: 1), [1])

    private static func archive(_ value: [UInt8], count: Int = 1) -> [UInt8] {
        ZipBuilder(
            pickle: Pickle.whole(value),
            storages: ["0": Array(repeating: 0, count: 4 * count)]
        ).bytes()
    }

    /// An archive that holds a tensor and something else.
    private static func archive(beside value: [UInt8]) -> [UInt8] {
        archive(Pickle.dictionary([("w", tensor), ("evil", value)]))
    }

    /// Every way by which a pickle can name a function and have it called, with a mark that the call would leave.
    private static func attacks(_ mark: String) -> [[UInt8]] {
        let command = "touch \(mark)"
        let text = Pickle.string(command)
        let names = [("os", "system"), ("posix", "system"), ("subprocess", "check_output"), ("builtins", "eval")]
        let others = [
            ("__builtin__", "exec"), ("torch", "os.system"), ("runpy", "run_path"), ("importlib", "import_module"),
        ]
        var attacks: [[UInt8]] = []
        for (module, name) in names + others {
            let global = Pickle.global(module, name)
            let stacked = Pickle.string(module) + Pickle.string(name) + [0x93]
            attacks += [
                Pickle.call(global, [text]), Pickle.call(stacked, [text]),
                Pickle.text("(") + text + Pickle.text("i\(module)\n\(name)\n"),
                Pickle.text("(") + global + text + Pickle.text("o"),
                global + Pickle.tuple([text]) + [0x81],
                global + Pickle.tuple([text]) + Pickle.text("}") + [0x92],
                Pickle.object("some", "Thing", state: Pickle.call(global, [text])),
                Pickle.dictionary([(global, text)]), global,
            ]
        }
        return attacks
    }

    @Test func commandsAreRefusedByNameAndNeverRun() throws {
        let mark = FileManager.default.temporaryDirectory.appending(path: "mark-\(UUID().uuidString)").path
        for attack in Self.attacks(mark) {
            let problem = try problem(Self.archive(beside: attack))
            #expect(problem.contains("would run"), "\(problem)")
            #expect(problem.contains("nothing was run; do not trust it"))
            let legacy = LegacyStreamTests.file(Pickle.dictionary([("evil", attack)]))
            #expect(try WeightFilesTests.problem(legacy).contains("would run"))
        }
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test func codesOfExtensionsAreRefused() throws {
        for code in [[0x82, 1], [0x83, 1, 0], [0x84, 1, 0, 0, 0]] as [[UInt8]] {
            #expect(try problem(Self.archive(beside: code)).contains("extension codes"))
        }
    }

    @Test func dataKeptElsewhereAreRefused() throws {
        for code in [0x97, 0x98] as [UInt8] {
            #expect(try problem(Self.archive(beside: [code])).contains("were kept elsewhere"))
        }
    }

    @Test func otherCallsAreInert() throws {
        let calls = [
            Pickle.call(Pickle.global("builtins", "getattr"), [Pickle.global("some", "thing"), Pickle.string("x")]),
            Pickle.call(Pickle.call(Pickle.global("some", "factory"), []), [Pickle.int(1)]),
            Pickle.object("omegaconf.dictconfig", "DictConfig", state: Pickle.dictionary([("a", Pickle.int(1))])),
            Pickle.text("(c__main__\nThing\nI1\nI2\noNb"),
        ]
        for call in calls {
            let file = try TemporaryFile(Self.archive(beside: call))
            #expect(try WeightFile(path: file.path).keys == ["w"])
        }
    }

    @Test func stateForWhatIsNoObjectIsIgnored() throws {
        for target in [
            Pickle.int(1), Pickle.list([]), Pickle.global("torch", "FloatStorage"), Self.tensor, Pickle.none,
        ] {
            let state = Pickle.dictionary([("__class__", Pickle.string("x")), ("_modules", Self.tensor)])
            let file = try TemporaryFile(Self.archive(beside: target + state + Pickle.text("b")))
            #expect(try WeightFile(path: file.path).keys.contains("w"))
        }
    }

    // MARK: Bombs

    @Test func listsThatDoubleManyTimesAreNoProblem() throws {
        var value = Pickle.list([Self.tensor]) + Pickle.text("p0\n")
        for level in 1...100 {
            value += Pickle.text("](") + Pickle.text("g\(level - 1)\ng\(level - 1)\ne") + Pickle.text("p\(level)\n")
        }
        // As another content it is counted; as the state dict it is given up.
        let inside = Pickle.dictionary([("state_dict", Pickle.dictionary([("w", Self.tensor)])), ("bomb", value)])
        let file = try TemporaryFile(Self.archive(inside))
        #expect(try WeightFile(path: file.path).other == [OtherContent(name: "bomb", tensors: 1, bytes: 4)])
        #expect(try problem(Self.archive(value)).contains("nested too deeply"))
    }

    @Test func aMillionLevelsOfNestingAreNoProblem() throws {
        let depth = 200_000
        let lists =
            Pickle.text(String(repeating: "](", count: depth)) + Pickle.text(String(repeating: "e", count: depth))
        let inside = Pickle.dictionary([("state_dict", Pickle.dictionary([("w", Self.tensor)])), ("deep", lists)])
        let file = try TemporaryFile(Self.archive(inside))
        #expect(try WeightFile(path: file.path).keys == ["w"])
        let tuples = Pickle.text(")") + Array(repeating: 0x85, count: depth)
        #expect(try problem(Self.archive(tuples)).contains("nested too deeply"))
    }

    @Test func structuresThatContainThemselvesAreNoProblem() throws {
        let dictionary =
            Pickle.text("}p0\n(") + Pickle.string("self") + Pickle.text("g0\n") + Pickle.string("w")
            + Self.tensor + Pickle.text("u")
        #expect(try problem(Self.archive(dictionary)).contains("nested too deeply"))
        let inside = Pickle.dictionary([("state_dict", Pickle.dictionary([("w", Self.tensor)])), ("loop", dictionary)])
        let file = try TemporaryFile(Self.archive(inside))
        #expect(try WeightFile(path: file.path).other.map(\.name) == ["loop"])
    }

    @Test func moreObjectsThanAnyModelHasAreRefused() throws {
        let value = Pickle.text(String(repeating: "}0", count: 2_000_001))
        #expect(try problem(Self.archive(value)).contains("too complicated"))
    }

    @Test(arguments: [
        Pickle.text("X") + bytes([UInt32.max]), Pickle.text("T") + bytes([Int32(1 << 30)]),
        Pickle.text("B") + bytes([UInt32.max]), [0x8B] + bytes([Int32(1 << 30)]), [0x8D] + bytes([UInt64.max]),
        [0x8E] + bytes([Int64.max]), [0x96] + bytes([Int64(1 << 40)]), [0x95] + bytes([Int64.max]),
    ])
    func hugeCountsTakeNoMemory(operation: [UInt8]) throws {
        let problem = try problem(Self.archive(beside: operation))
        #expect(problem.contains("is cut off") || problem.contains("is damaged"), "\(problem)")
    }

    @Test(arguments: ["T", "\u{8B}"])
    func negativeCountsAreRefused(operation: String) throws {
        let code = operation == "T" ? Pickle.text("T") : [0x8B]
        #expect(try problem(Self.archive(beside: code + bytes([Int32(-1)]))).contains("a negative length"))
    }

    @Test func highReferencesTakeNoMemory() throws {
        let value = Pickle.text("r") + bytes([UInt32.max]) + Pickle.text("p99999999999\n")
        let file = try TemporaryFile(Self.archive(beside: Pickle.none + value))
        #expect(try WeightFile(path: file.path).keys == ["w"])
    }

    @Test(arguments: [
        "", "0", "1", "2", "R", "a", "e", "s", "u", "t", "d", "o", "b", "Q", "(((", "N0", "}(Nu", "NNs", "(R", "h\u{5}",
        "g7\n", "gx\n", "p-1\n", "Ix\n", "Fx\n", "Sx\n", "S'\n", "\u{7F}", "(i", "c", "cos", "NNR", "I1\nNa",
    ])
    func nonsenseIsRefused(operations: String) throws {
        let problem = try problem(Self.archive(Pickle.text(operations)))
        #expect(problem.contains("is damaged") || problem.contains("is cut off"), "\(problem)")
    }

    // MARK: Tensors

    @Test(arguments: [
        ([-1], [1], 0, "impossible shape"), ([2], [1], 0, "lies outside of its storage"),
        ([1], [1], 1, "lies outside of its storage"), ([1], [1], -1, "impossible strides"),
        ([2], [-1], 1, "impossible strides"), ([1 << 40, 1 << 40], [0, 0], 0, "impossible shape"),
        ([1 << 40], [0], 0, "makes 4398046511104 bytes of 4"), ([2], [Int.max], 0, "outside of its storage"),
        ([3], [Int.max], 0, "impossible strides"), ([2, 2], [Int.max, 1], 0, "impossible strides"),
        ([1], [1], .max, "lies outside of its storage"), ([1, 1], [1], 0, "impossible strides"),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1], 0, "is malformed"),
    ])
    func impossibleTensorsAreNamed(shape: [Int], strides: [Int], offset: Int, expected: String) throws {
        let tensor = Pickle.tensor(Pickle.storage("0", count: 1), shape, strides: strides, offset: offset)
        let problem = try problem(Self.archive(Pickle.dictionary([("a", tensor)])))
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test func aStorageMayNotClaimMoreThanItHas() throws {
        let tensor = Pickle.tensor(Pickle.storage("0", count: 1 << 40), [2])
        #expect(try problem(Self.archive(Pickle.dictionary([("a", tensor)]))).contains("lies outside of its storage"))
        let negative = Pickle.tensor(Pickle.storage("0", count: -1), [1])
        #expect(try problem(Self.archive(Pickle.dictionary([("a", negative)]))).contains("in an unknown way"))
        let missing = Pickle.tensor(Pickle.storage("../0", count: 1), [1])
        #expect(try problem(Self.archive(Pickle.dictionary([("a", missing)]))).contains("the data of a are not in it"))
    }

    @Test(arguments: [
        ("torch._utils", "_rebuild_qtensor", "a tensor of the kind qtensor"),
        ("torch._utils", "_rebuild_sparse_tensor", "a tensor of the kind sparse tensor"),
        ("torch.storage", "_load_from_bytes", "data saved by pickle instead of torch.save"),
    ])
    func unusualTensorsAreNamed(module: String, name: String, expected: String) throws {
        let value = Pickle.dictionary([("a.b", Pickle.call(Pickle.global(module, name), [Pickle.none]))])
        #expect(try problem(Self.archive(value)).contains("holds a.b as \(expected), which is not supported"))
        let beside = Pickle.dictionary([("state_dict", Pickle.dictionary([("w", Self.tensor)])), ("q", value)])
        let file = try TemporaryFile(Self.archive(beside))
        #expect(try WeightFile(path: file.path).keys == ["w"])
    }

    @Test(arguments: ["ComplexFloatStorage", "QInt8Storage", "Nonsense"])
    func unusualElementsAreNamed(name: String) throws {
        let tensor = Pickle.tensor(Pickle.storage("0", name, count: 1), [1])
        let problem = try problem(Self.archive(Pickle.dictionary([("a", tensor)])))
        #expect(problem.contains("holds a as elements of \(name), which is not supported"))
    }

    @Test func namesThatWouldSpoilATerminalAreRefused() throws {
        let names = ["a\u{1B}[2J", "a\nb", String(repeating: "x", count: 2000), "\u{9B}1m"]
        for name in names {
            let problem = try problem(Self.archive(Pickle.dictionary([(name, Self.tensor)])))
            #expect(problem.contains("impossible name"))
            #expect(!problem.unicodeScalars.contains("\u{1B}"))
        }
    }

    @Test func whatHasNoTensorsIsNamed() throws {
        for value in [Pickle.int(1), Pickle.emptyTuple, Pickle.dictionary([("a", Pickle.string("b"))]), Pickle.none] {
            #expect(try problem(Self.archive(value)).contains("holds no tensors"))
        }
    }
}
