/// What `torch.save` wrote before PyTorch 1.6: five pickles, then the storages one after the other.
struct LegacyStream {
    /// The number that the first pickle holds, as bytes of a pickled number and as its text.
    static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    static let magicText = "119547037146038801333356"
    private static let version = 1001

    static let bigEndian = WeightProblem(
        "was written by a big-endian computer",
        hint: "load and save it again with PyTorch on an ordinary one"
    )

    /// Where a storage's record is.
    private struct Record {
        let range: Range<Int>
        let count: Int
    }

    static func read(_ file: RandomAccessFile) throws(WeightProblem) -> FileContents {
        let input = ByteStream(file, 0..<file.size)
        try checkPreamble(input)
        var machine = PickleMachine(input)
        let root = try machine.run()
        let finder = try StateDictFinder(machine.graph, root: root)
        let keys: [String]
        do {
            keys = try storageKeys(input)
        } catch {
            guard error.isCutOff else { throw error }
            throw .cutOff(sizes: machine.graph.expectedSize(after: input.position).map { (file.size, $0) })
        }
        let records = try records(keys, machine.graph, file, start: input.position)
        var contents = FileContents(format: .torchLegacy, entries: [:])
        for (name, index) in finder.tensors {
            contents.entries[name] = try entry(name, machine.graph.tensors[index], machine.graph, records)
        }
        contents.metadata = finder.metadata
        contents.other = finder.other
        contents.standIns = finder.standIns
        return contents
    }

    /// The first three pickles: a number, the version of the format, and the computer that wrote it.
    private static func checkPreamble(_ input: ByteStream) throws(WeightProblem) {
        var first = PickleMachine(input)
        let magic = try first.run()
        guard first.graph.node(magic)?.kind == .magic else {
            throw WeightProblem("is a pickle, but not one that torch.save made", hint: "save it again with torch.save")
        }
        var second = PickleMachine(input)
        guard try second.run() == .int(version) else {
            throw WeightProblem("is in an unknown version of PyTorch's old format", hint: "save it again with PyTorch")
        }
        var third = PickleMachine(input)
        let system = try third.run()
        if let node = third.graph.node(system), third.graph.lookup("little_endian", in: node) == .bool(false) {
            throw bigEndian
        }
    }

    /// The fifth pickle: the names of the records in their order.
    private static func storageKeys(_ input: ByteStream) throws(WeightProblem) -> [String] {
        var machine = PickleMachine(input)
        let list = try machine.run()
        let keys = machine.graph.elements(list)?.compactMap { machine.graph.storageKey($0) }
        guard let keys, keys.count == machine.graph.elements(list)?.count else {
            throw .damaged("its list of tensor data is missing")
        }
        return keys
    }

    /// Goes through the records: each is its number of elements in 8 bytes and then the elements.
    private static func records(
        _ keys: [String],
        _ graph: PickleGraph,
        _ file: RandomAccessFile,
        start: Int
    ) throws(WeightProblem) -> [String: Record] {
        let storages = Dictionary(graph.storages.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let whole = graph.expectedSize(after: start).map { $0 + 8 * keys.count }
        var records: [String: Record] = [:]
        var offset = start
        for key in keys {
            guard let storage = storages[key], records[key] == nil else {
                throw .damaged("its list of tensor data does not fit the tensors")
            }
            guard let type = storage.type else {
                throw WeightProblem(
                    "holds elements of \(printable(storage.typeName)), which are not supported",
                    hint: "convert it to ordinary float32 or float16 tensors and save it again"
                )
            }
            guard file.size - offset >= 8 else { throw .cutOff(sizes: whole.map { (file.size, $0) }) }
            let count = try file.bytes(offset..<(offset + 8)).integer(UInt64.self, at: 0)
            guard count == UInt64(storage.recordCount) else {
                throw .damaged("its tensor data do not fit the tensors")
            }
            let (bytes, overflow) = storage.recordCount.multipliedReportingOverflow(by: type.size)
            guard !overflow, bytes <= file.size - offset - 8 else {
                throw .cutOff(sizes: whole.map { (file.size, $0) })
            }
            records[key] = Record(range: (offset + 8)..<(offset + 8 + bytes), count: storage.recordCount)
            offset += 8 + bytes
        }
        return records
    }

    private static func entry(
        _ name: String,
        _ tensor: PickleTensor,
        _ graph: PickleGraph,
        _ records: [String: Record]
    ) throws(WeightProblem) -> TensorEntry {
        let storage = graph.storages[tensor.storage]
        guard let record = records[storage.key] else {
            throw .damaged("the data of \(printable(name)) are not in it")
        }
        // Views of a record are of the record's own type.
        let size = storage.type?.size ?? 1
        let start = record.range.lowerBound + storage.viewOffset * size
        guard storage.viewOffset + storage.count <= record.count else {
            throw .damaged("\(printable(name)) lies outside of its storage")
        }
        return try TensorEntry(
            name,
            info: tensor.info,
            storage: .stored(start..<(start + storage.count * size)),
            offset: tensor.offset,
            strides: tensor.strides
        )
    }
}
