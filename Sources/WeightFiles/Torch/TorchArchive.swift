/// The zip archive that `torch.save` and `torch.jit.save` make: a pickle, `data.pkl`, and one member per storage.
struct TorchArchive {
    private static let pickleName = "data.pkl"
    private static let pickleLimit = 1 << 30

    private let file: RandomAccessFile
    private let archive: ZipArchive
    /// The folder in the archive that everything is in, with its slash.
    private let root: String

    private init(_ file: RandomAccessFile, _ archive: ZipArchive) throws(WeightProblem) {
        self.file = file
        self.archive = archive
        root = try Self.root(archive)
    }

    static func read(_ file: RandomAccessFile) throws(WeightProblem) -> FileContents {
        let archive: ZipArchive
        do {
            archive = try ZipArchive(file)
        } catch {
            guard error.isCutOff else { throw error }
            throw .cutOff(sizes: TruncatedArchive.expectedSize(file).map { (file.size, $0) })
        }
        return try TorchArchive(file, archive).contents()
    }

    private static func root(_ archive: ZipArchive) throws(WeightProblem) -> String {
        let candidates = archive.members.keys.filter { $0 == pickleName || $0.hasSuffix("/" + pickleName) }
        func depth(_ name: String) -> Int { name.utf8.count { $0 == UInt8(ascii: "/") } }
        guard let least = candidates.map(depth).min() else {
            let inner = archive.members.keys.filter { name in
                [".ckpt", ".pt", ".pth", ".bin", ".safetensors"].contains { name.hasSuffix($0) }
            }
            let hint = inner.min().map { "unpack it and choose \(printable($0))" } ?? "choose another file"
            throw WeightProblem("is a zip archive, but not one that PyTorch made", hint: hint)
        }
        let nearest = candidates.filter { depth($0) == least }
        guard nearest.count == 1 else {
            throw WeightProblem("is a zip archive of \(nearest.count) checkpoints", hint: "unpack it and choose one")
        }
        return String(nearest[0].dropLast(pickleName.count))
    }

    private func contents() throws(WeightProblem) -> FileContents {
        try checkByteOrder()
        guard let member = archive.members[root + Self.pickleName] else { throw .damaged("it has no data.pkl") }
        guard member.size <= Self.pickleLimit else { throw PickleMachine.tooLarge }
        var machine = PickleMachine(try archive.stream(member))
        let value = try machine.run()
        let isScript =
            archive.members[root + "constants.pkl"] != nil
            || archive.members.keys.contains { $0.hasPrefix(root + "code/") }
        let finder = try StateDictFinder(machine.graph, root: value)
        var contents = FileContents(
            format: isScript ? .torchScript : .torchZip,
            entries: try entries(finder.tensors, machine.graph)
        )
        contents.metadata = finder.metadata
        contents.other = finder.other + scriptContents()
        contents.standIns = finder.standIns
        return contents
    }

    private func checkByteOrder() throws(WeightProblem) {
        guard let member = archive.members[root + "byteorder"], (1...16).contains(member.size) else { return }
        let text = String(decoding: try archive.stream(member).bytes(member.size), as: UTF8.self)
        guard text.hasPrefix("little") else { throw LegacyStream.bigEndian }
    }

    private func entries(_ tensors: [String: Int], _ graph: PickleGraph) throws(WeightProblem) -> [String: TensorEntry]
    {
        var locations: [String: StorageLocation] = [:]
        var entries: [String: TensorEntry] = [:]
        for (name, index) in tensors {
            let tensor = graph.tensors[index]
            let storage = graph.storages[tensor.storage]
            let location =
                if let known = locations[storage.key] { known } else { try location(of: storage.key, for: name) }
            locations[storage.key] = location
            entries[name] = try TensorEntry(
                name,
                info: tensor.info,
                storage: location,
                offset: tensor.offset,
                strides: tensor.strides
            )
        }
        return entries
    }

    private func location(of key: String, for name: String) throws(WeightProblem) -> StorageLocation {
        guard let member = archive.members["\(root)data/\(key)"] else {
            throw .damaged("the data of \(printable(name)) are not in it")
        }
        return try archive.location(of: member)
    }

    /// What a TorchScript archive holds besides its parameters.
    private func scriptContents() -> [OtherContent] {
        ["code", "constants", "traced_inputs"].compactMap { name in
            let members = archive.members.values.filter { $0.name.hasPrefix("\(root)\(name)/") }
            guard !members.isEmpty else { return nil }
            let bytes = members.reduce(0) { $0 + $1.size }
            return OtherContent(name: name, tensors: name == "code" ? 0 : members.count, bytes: bytes)
        }
    }
}

/// An archive whose end, and with it the directory, is missing.
enum TruncatedArchive {
    /// About how long the whole file should be, where the pickle comes first and lists the storages; `nil` where that
    /// cannot be told.
    static func expectedSize(_ file: RandomAccessFile) -> Int? {
        guard let start = try? pickleStart(file) else { return nil }
        var machine = PickleMachine(ByteStream(file, start..<file.size))
        guard (try? machine.run()) != nil else { return nil }
        let pickleEnd = start + machine.input.position
        return machine.graph.expectedSize(after: pickleEnd).flatMap { $0 > file.size ? $0 : nil }
    }

    /// Where the contents of the first member begin, if that is an uncompressed pickle.
    private static func pickleStart(_ file: RandomAccessFile) throws(WeightProblem) -> Int? {
        guard file.size > ZipDirectory.localHeaderSize else { return nil }
        let header = try file.bytes(0..<ZipDirectory.localHeaderSize)
        let nameEnd = ZipDirectory.localHeaderSize + Int(header.integer(UInt16.self, at: 26))
        let start = nameEnd + Int(header.integer(UInt16.self, at: 28))
        guard header.integer(UInt16.self, at: 8) == 0, start < file.size else { return nil }
        let name = String(decoding: try file.bytes(ZipDirectory.localHeaderSize..<nameEnd), as: UTF8.self)
        return name.hasSuffix("data.pkl") ? start : nil
    }
}

extension PickleGraph {
    /// The size of a file whose pickle ends here and is followed by the storages.
    func expectedSize(after end: Int) -> Int? {
        var size = end
        var seen: Set<String> = []
        for storage in storages where seen.insert(storage.key).inserted {
            guard let type = storage.type else { continue }
            let (bytes, overflow) = storage.recordCount.multipliedReportingOverflow(by: type.size)
            let (sum, sumOverflow) = size.addingReportingOverflow(bytes)
            guard !overflow, !sumOverflow else { return nil }
            size = sum
        }
        return size
    }
}
