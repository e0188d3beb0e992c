extension FileContents {
    /// Finds out by its first bytes what a file is, and reads its headers.
    static func read(_ file: RandomAccessFile) throws(WeightProblem) -> FileContents {
        let start = try file.bytes(0..<min(file.size, FileSniffer.length))
        let sniffer = FileSniffer(start)
        // First of all: the length that a header begins with may look like the beginning of anything.
        if sniffer.isSafetensors { return try safetensors(file) }
        if sniffer.isZip { return try TorchArchive.read(file) }
        if sniffer.isPickle { return try LegacyStream.read(file) }
        if let problem = sniffer.otherKind { throw problem }
        return try safetensors(file)
    }

    private static func safetensors(_ file: RandomAccessFile) throws(WeightProblem) -> FileContents {
        let header = try SafetensorsHeader(file)
        return FileContents(format: .safetensors, metadata: header.metadata, entries: header.entries)
    }
}

/// Tells kinds of files apart by their first bytes.
struct FileSniffer {
    /// How many bytes it takes.
    static let length = 1024

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private func begins(with start: [UInt8], at offset: Int = 0) -> Bool {
        bytes.dropFirst(offset).starts(with: start)
    }

    private func begins(with text: String, at offset: Int = 0) -> Bool { begins(with: Array(text.utf8), at: offset) }

    var isZip: Bool { begins(with: "PK\u{3}\u{4}") || begins(with: "PK\u{5}\u{6}") }

    /// Whether this is a pickle of protocol 2 or later, or the old format in an earlier one.
    var isPickle: Bool {
        (bytes.count >= 2 && bytes[0] == 0x80 && (2...9).contains(bytes[1]))
            || begins(with: "L" + LegacyStream.magicText)
    }

    /// Whether a length of less than 4 GiB and the header that it belongs to are at the beginning.
    var isSafetensors: Bool { begins(with: [0, 0, 0, 0, UInt8(ascii: "{")], at: 4) }

    /// What other kinds of files begin with.
    private static let signatures: [(start: [UInt8], name: String, hint: String)] = [
        ([0x1F, 0x8B], "compressed by gzip", "unpack it first"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "compressed by xz", "unpack it first"),
        ([0x42, 0x5A, 0x68], "compressed by bzip2", "unpack it first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed by zstd", "unpack it first"),
        ([0x37, 0x7A, 0xBC, 0xAF], "a 7z archive", "unpack it first"),
        ([0x52, 0x61, 0x72, 0x21], "a rar archive", "unpack it first"),
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file, as Keras writes", "look for the weights of PyTorch"),
        ([0x47, 0x47, 0x55, 0x46], "a GGUF file", "look for the weights of PyTorch"),
        ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], "an array of NumPy", "look for the weights of PyTorch"),
        ([0x89, 0x50, 0x4E, 0x47], "a PNG picture", "choose a weight file"),
        ([0xFF, 0xD8, 0xFF], "a JPEG picture", "choose a weight file"),
        ([0x25, 0x50, 0x44, 0x46], "a PDF document", "choose a weight file"),
        ([0x53, 0x51, 0x4C, 0x69, 0x74, 0x65], "a database", "choose a weight file"),
        ([0x7F, 0x45, 0x4C, 0x46], "a program", "choose a weight file"),
    ]

    /// The problem of a file of another kind; `nil` where that cannot be told.
    var otherKind: WeightProblem? {
        for (start, name, hint) in Self.signatures where begins(with: start) {
            return WeightProblem("is \(name), not a weight file", hint: hint)
        }
        if begins(with: "ustar", at: 257) { return tar }
        guard let text else { return nil }
        if text.hasPrefix("version https://git-lfs") {
            return WeightProblem(
                "is a pointer of git-lfs, not the weights",
                hint: "run 'git lfs pull' where it is from"
            )
        }
        let lower = text.lowercased()
        if lower.hasPrefix("<!doctype html") || lower.hasPrefix("<html") || lower.contains("<head") {
            return WeightProblem("is a web page, not a weight file", hint: "download the file itself")
        }
        return WeightProblem("is a text, not a weight file", hint: "choose a weight file")
    }

    private var tar: WeightProblem {
        let name = String(decoding: bytes.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
        guard ["sys_info", "./sys_info", "pickle", "storages", "tensors"].contains(name) else {
            return WeightProblem("is a tar archive, not a weight file", hint: "unpack it first")
        }
        return WeightProblem(
            "is in the tar format that PyTorch wrote before 2017",
            hint: "load and save it again with PyTorch"
        )
    }

    /// The beginning as text, without what may precede it; `nil` where it is none.
    private var text: String? {
        let start = begins(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        let text = String(decoding: start, as: UTF8.self)
        // The last character may be cut in two.
        guard !start.contains(where: { $0 < 9 }), !text.dropLast().unicodeScalars.contains("\u{FFFD}") else {
            return nil
        }
        return String(text.drop { $0.isWhitespace })
    }
}
