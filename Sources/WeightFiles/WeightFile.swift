/// The formats of weight files, told apart by content.
public enum WeightFileFormat: String, Sendable, Codable, CaseIterable {
    /// A JSON header, then the tensors.
    case safetensors
    /// The zip archive that `torch.save` makes since PyTorch 1.6.
    case torchZip
    /// The zip archive of `torch.jit.save`, which OpenAI's CLIPs come in.
    case torchScript
    /// The stream of pickles that `torch.save` made before.
    case torchLegacy
}

/// Something in a weight file that is not part of the state dict and that a run ignores.
public struct OtherContent: Sendable, Hashable {
    /// Where it is, such as `optimizer_states`.
    public let name: String
    /// How many tensors it holds.
    public let tensors: Int
    /// Bytes of these tensors.
    public let bytes: Int

    public init(name: String, tensors: Int, bytes: Int) {
        self.name = name
        self.tensors = tensors
        self.bytes = bytes
    }
}

/// A weight file that is open: the names, types and shapes of its tensors, and their bytes when they are asked for.
///
/// Opening reads headers only, whatever the file's size, and nothing that a file says is ever executed. All numbers are
/// checked against the file before memory is taken for them.
public final class WeightFile: Sendable {
    public let path: String
    public let format: WeightFileFormat
    /// In bytes.
    public let fileSize: Int
    /// Text beside the tensors: the metadata of a safetensors file; of a checkpoint, what simple values there are, such
    /// as `epoch`, `global_step` and `pytorch-lightning_version`.
    public let metadata: [String: String]
    /// The names of the state dict's tensors, sorted. Nested dictionaries and modules are joined by dots.
    public let keys: [String]
    /// What else the file holds.
    public let other: [OtherContent]
    /// Classes and functions that a checkpoint names and that were replaced by inert stand-ins, sorted.
    public let standIns: [String]

    private let file: RandomAccessFile
    private let entries: [String: TensorEntry]

    /// Opens a file and finds out what it is.
    /// - Throws: ``WeightFileError`` with one line that says what is wrong with the file.
    public init(path: String) throws(WeightFileError) {
        do {
            let file = try RandomAccessFile(path: path)
            let contents = try FileContents.read(file)
            try contents.checkExpansion(file.size)
            self.path = path
            self.file = file
            format = contents.format
            fileSize = file.size
            metadata = contents.metadata
            entries = contents.entries
            keys = contents.entries.keys.sorted()
            other = contents.other
            standIns = contents.standIns
        } catch {
            throw WeightFileError(path: path, error)
        }
    }

    /// The type and shape of a tensor; `nil` where there is none of that name.
    public func info(_ key: String) -> TensorInfo? { entries[key]?.info }

    /// The elements of a tensor: row-major, without gaps, little-endian.
    public func read(_ key: String) throws(WeightFileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: try entry(key).info.byteCount)
        try bytes.withUnsafeMutableBufferPointer { (buffer) throws(WeightFileError) in
            try read(key, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes
    }

    /// Reads the elements of a tensor, as ``read(_:)``, into memory of exactly their size.
    public func read(_ key: String, into buffer: UnsafeMutableRawBufferPointer) throws(WeightFileError) {
        let entry = try entry(key)
        guard buffer.count == entry.info.byteCount else {
            throw WeightFileError(
                path: path,
                problem: "has \(entry.info.byteCount) bytes for \(printable(key)), not \(buffer.count)",
                hint: "report this as a mistake of the program"
            )
        }
        do {
            try entry.read(from: file, into: buffer)
        } catch {
            throw WeightFileError(path: path, error)
        }
    }

    private func entry(_ key: String) throws(WeightFileError) -> TensorEntry {
        guard let entry = entries[key] else {
            throw WeightFileError(
                path: path,
                problem: "has no tensor \(printable(key))",
                hint: "choose a file of the right kind"
            )
        }
        return entry
    }
}

/// What reading a file's headers gives.
struct FileContents {
    let format: WeightFileFormat
    var metadata: [String: String] = [:]
    var entries: [String: TensorEntry]
    var other: [OtherContent] = []
    var standIns: [String] = []

    /// How much larger than the file the tensors may be in all.
    private static let expansionLimit = 100
    private static let expansionAllowance = 256 << 20

    /// Refuses tensors that use the same bytes again and again.
    func checkExpansion(_ fileSize: Int) throws(WeightProblem) {
        var total = 0
        for entry in entries.values { total = total.addingReportingOverflow(entry.info.byteCount).partialValue }
        guard total >= 0, total / Self.expansionLimit <= fileSize + Self.expansionAllowance / Self.expansionLimit else {
            throw WeightProblem("holds tensors of more than \(Self.expansionLimit) times its size")
        }
    }
}
