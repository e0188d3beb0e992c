import Testing
import WeightFiles

@Suite("PyTorch's zip archives")
struct TorchArchiveTests {
    private static let values = floatBytes([0, 1, 2, 3, 4, 5])

    private func open(_ builder: ZipBuilder) throws -> (TemporaryFile, WeightFile) {
        let file = try TemporaryFile(builder.bytes())
        return (file, try WeightFile(path: file.path))
    }

    /// An archive with one storage of six floats, whose pickle holds a value.
    private func open(_ value: [UInt8], deflated: Bool = false) throws -> (TemporaryFile, WeightFile) {
        try open(ZipBuilder(pickle: Pickle.whole(value), storages: ["0": Self.values], isDeflated: deflated))
    }

    private static let storage = Pickle.storage("0", count: 6)

    @Test(arguments: [false, true])
    func tensorsAreReadFromStoredAndDeflatedMembers(deflated: Bool) throws {
        let (_, file) = try open(
            Pickle.dictionary([
                ("a", Pickle.tensor(Self.storage, [2, 3])), ("b", Pickle.tensor(Self.storage, [2], offset: 4)),
                ("c", Pickle.tensor(Self.storage, [])), ("d", Pickle.tensor(Self.storage, [0, 7])),
            ]),
            deflated: deflated
        )
        #expect(file.format == .torchZip)
        #expect(file.keys == ["a", "b", "c", "d"])
        #expect(file.info("a") == TensorInfo(type: .float32, shape: [2, 3]))
        #expect(try file.read("a") == Self.values)
        #expect(try file.read("b") == floatBytes([4, 5]))
        #expect(try file.read("c") == floatBytes([0]))
        #expect(try file.read("d") == [])
    }

    @Test(arguments: [false, true])
    func stridesAreHonoured(deflated: Bool) throws {
        let (_, file) = try open(
            Pickle.dictionary([
                ("transposed", Pickle.tensor(Self.storage, [3, 2], strides: [1, 3])),
                ("column", Pickle.tensor(Self.storage, [2], strides: [3], offset: 1)),
                ("every other", Pickle.tensor(Self.storage, [1, 3], strides: [99, 2])),
                ("expanded", Pickle.tensor(Self.storage, [2, 2, 2], strides: [0, 1, 0], offset: 3)),
                ("windows", Pickle.tensor(Self.storage, [3, 3], strides: [1, 1])),
            ]),
            deflated: deflated
        )
        #expect(try file.read("transposed") == floatBytes([0, 3, 1, 4, 2, 5]))
        #expect(try file.read("column") == floatBytes([1, 4]))
        #expect(try file.read("every other") == floatBytes([0, 2, 4]))
        #expect(try file.read("expanded") == floatBytes([3, 3, 4, 4, 3, 3, 4, 4]))
        #expect(try file.read("windows") == floatBytes([0, 1, 2, 1, 2, 3, 2, 3, 4]))
    }

    @Test(arguments: [
        ("FloatStorage", ElementType.float32), ("HalfStorage", .float16), ("BFloat16Storage", .bfloat16),
        ("DoubleStorage", .float64), ("LongStorage", .int64), ("IntStorage", .int32), ("ShortStorage", .int16),
        ("CharStorage", .int8), ("ByteStorage", .uint8), ("BoolStorage", .bool),
    ])
    func everyTypeIsRead(name: String, type: ElementType) throws {
        let data = (0..<UInt8(3 * type.size)).map { $0 }
        let value = Pickle.dictionary([("a", Pickle.tensor(Pickle.storage("k", name, count: 3), [3]))])
        let (_, file) = try open(ZipBuilder(pickle: Pickle.whole(value), storages: ["k": data]))
        #expect(file.info("a")?.type == type)
        #expect(try file.read("a") == data)
    }

    @Test func theTypeMayStandBesideTheTensor() throws {
        let call = Pickle.call(
            Pickle.global("torch._utils", "_rebuild_tensor_v3"),
            [
                Pickle.storage("0", "UntypedStorage", count: 24), Pickle.int(2), Pickle.tuple([Pickle.int(4)]),
                Pickle.tuple([Pickle.int(1)]), [0x89], Pickle.none, Pickle.global("torch", "float32"),
            ]
        )
        let (_, file) = try open(Pickle.dictionary([("a", call)]))
        #expect(file.info("a") == TensorInfo(type: .float32, shape: [4]))
        #expect(try file.read("a") == floatBytes([2, 3, 4, 5]))
    }

    @Test(arguments: ["archive", "last", "my model/epoch=7", "日本", ""])
    func theFolderInTheArchiveMayHaveAnyName(root: String) throws {
        var builder = ZipBuilder(
            pickle: Pickle.whole(Pickle.dictionary([("a", Pickle.tensor(Self.storage, [6]))])),
            root: root,
            storages: ["0": Self.values]
        )
        if root.isEmpty { for index in builder.members.indices { builder.members[index].name.removeFirst() } }
        let (_, file) = try open(builder)
        #expect(try file.read("a") == Self.values)
    }

    @Test func largeArchivesAreRead() throws {
        var builder = ZipBuilder(
            pickle: Pickle.whole(Pickle.dictionary([("a", Pickle.tensor(Self.storage, [6]))])),
            storages: ["0": Self.values]
        )
        builder.isWide = true
        for index in builder.members.indices { builder.members[index].isWide = true }
        let (_, file) = try open(builder)
        #expect(try file.read("a") == Self.values)
    }

    @Test func anArchiveMayHaveAComment() throws {
        var builder = ZipBuilder(
            pickle: Pickle.whole(Pickle.dictionary([("a", Pickle.tensor(Self.storage, [6]))])),
            storages: ["0": Self.values]
        )
        builder.comment = Array("PK\u{5}\u{6} is how this begins".utf8)
        #expect(try open(builder).1.keys == ["a"])
    }

    @Test func theStateDictOfALightningCheckpointIsFound() throws {
        let weight = Pickle.tensor(Self.storage, [6])
        let callbacks = Pickle.dictionary([
            (
                Pickle.global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"),
                Pickle.dictionary([("best", Pickle.tensor(Self.storage, [1]))])
            )
        ])
        let settings = Pickle.object(
            "argparse",
            "Namespace",
            state: Pickle.dictionary([("lr", Pickle.call(Pickle.global("numpy.core.multiarray", "scalar"), []))])
        )
        let (_, file) = try open(
            Pickle.dictionary([
                ("epoch", Pickle.int(12)), ("global_step", Pickle.int(34567)),
                ("pytorch-lightning_version", Pickle.string("1.0.8")), ("callbacks", callbacks),
                ("optimizer_states", Pickle.list([Pickle.dictionary([(Pickle.int(0), weight)])])),
                ("state_dict", Pickle.dictionary([("w", weight)])), ("hyper_parameters", settings),
            ])
        )
        #expect(file.keys == ["w"])
        #expect(file.metadata == ["epoch": "12", "global_step": "34567", "pytorch-lightning_version": "1.0.8"])
        #expect(
            file.other == [
                OtherContent(name: "callbacks", tensors: 1, bytes: 4),
                OtherContent(name: "optimizer_states", tensors: 1, bytes: 24),
                OtherContent(name: "hyper_parameters", tensors: 0, bytes: 0),
            ]
        )
        #expect(
            file.standIns == [
                "argparse.Namespace", "numpy.core.multiarray.scalar",
                "pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint",
            ]
        )
    }

    @Test func wrappersAndNestedDictionariesAreSeenThrough() throws {
        let weight = Pickle.tensor(Self.storage, [6])
        let inner = Pickle.dictionary([("state_dict", Pickle.dictionary([("a", Pickle.dictionary([("b", weight)]))]))])
        let (_, wrapped) = try open(Pickle.dictionary([("model", inner), ("optimizer", Pickle.list([weight]))]))
        #expect(wrapped.keys == ["a.b"])
        #expect(wrapped.other.map(\.name) == ["optimizer"])
        // The step is a tensor in some tools' checkpoints.
        let (_, beside) = try open(
            Pickle.dictionary([("model", Pickle.dictionary([("a", weight)])), ("step", weight)])
        )
        #expect(beside.keys == ["a"])
        #expect(beside.other == [OtherContent(name: "step", tensors: 1, bytes: 24)])
        let (_, plain) = try open(Pickle.dictionary([("a", Pickle.dictionary([("b", weight)])), ("c", weight)]))
        #expect(plain.keys == ["a.b", "c"])
        let (_, single) = try open(weight)
        #expect(single.keys == ["tensor"])
        let (_, list) = try open(Pickle.list([weight, Pickle.none, weight]))
        #expect(list.keys == ["0", "2"])
    }

    @Test func aWholeModuleGivesTheNamesOfItsStateDict() throws {
        let weight = Pickle.tensor(Self.storage, [6])
        let parameter = Pickle.call(Pickle.global("torch._utils", "_rebuild_parameter"), [weight, [0x88], Pickle.none])
        let none: [(String, [UInt8])] = []
        func module(_ name: String, _ parameters: [(String, [UInt8])], _ modules: [(String, [UInt8])]) -> [UInt8] {
            let state = Pickle.dictionary([
                ("training", [0x88]), ("_parameters", Pickle.dictionary(parameters)),
                ("_buffers", Pickle.dictionary([("mean", weight)])), ("_modules", Pickle.dictionary(modules)),
                ("_hooks", Pickle.dictionary(none)),
            ])
            return Pickle.object("some.models", name, state: state)
        }
        let inner = module("Linear", [("weight", parameter), ("bias", Pickle.none)], [])
        let (_, file) = try open(module("Net", [], [("layers", module("Sequential", [], [("0", inner)]))]))
        #expect(file.keys == ["layers.0.mean", "layers.0.weight", "layers.mean", "mean"])
        #expect(file.standIns == ["some.models.Linear", "some.models.Net", "some.models.Sequential"])
        let (_, wrapped) = try open(Pickle.dictionary([("model", module("Net", [], [])), ("epoch", Pickle.int(1))]))
        #expect(wrapped.keys == ["mean"])
    }

    @Test func attributesOfTorchScriptBecomeKeys() throws {
        let weight = Pickle.tensor(Self.storage, [6])
        let layer = Pickle.object(
            "__torch__.torch.nn.modules.linear.___torch_mangle_1",
            "Linear",
            state: Pickle.dictionary([("training", [0x89]), ("weight", weight)])
        )
        let model = Pickle.object(
            "__torch__",
            "Model",
            state: Pickle.dictionary([
                ("visual", layer),
                (
                    "sizes",
                    Pickle.call(Pickle.global("torch.jit._pickle", "build_intlist"), [Pickle.list([Pickle.int(1)])])
                ),
            ])
        )
        var builder = ZipBuilder(pickle: Pickle.whole(model), storages: ["0": Self.values])
        builder.members.append(ZipBuilder.Member(name: "archive/code/__torch__.py", data: [1, 2, 3]))
        builder.members.append(ZipBuilder.Member(name: "archive/constants.pkl", data: Pickle.whole(Pickle.emptyTuple)))
        builder.members.append(ZipBuilder.Member(name: "archive/constants/0", data: [1, 2, 3, 4]))
        let (_, file) = try open(builder)
        #expect(file.format == .torchScript)
        #expect(file.keys == ["visual.weight"])
        #expect(file.standIns == [])
        #expect(
            file.other == [
                OtherContent(name: "code", tensors: 0, bytes: 3), OtherContent(name: "constants", tensors: 1, bytes: 4),
            ]
        )
    }

    @Test func tensorsWithAttributesAreRead() throws {
        let arguments = Pickle.tuple([
            Self.storage, Pickle.int(0), Pickle.tuple([Pickle.int(6)]), Pickle.tuple([Pickle.int(1)]), [0x89],
            Pickle.none,
        ])
        let call = Pickle.call(
            Pickle.global("torch._tensor", "_rebuild_from_type_v2"),
            [
                Pickle.global("torch._utils", "_rebuild_tensor_v2"), Pickle.global("torch", "Tensor"), arguments,
                Pickle.dictionary([("note", Pickle.string("x"))]),
            ]
        )
        #expect(try open(Pickle.dictionary([("a", call)])).1.read("a") == Self.values)
    }
}
