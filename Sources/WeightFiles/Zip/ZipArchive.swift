/// The directory of a zip archive. Members are looked up by name; nothing is ever unpacked to a path.
struct ZipArchive {
    struct Member {
        let name: String
        fileprivate let nameBytes: [UInt8]
        fileprivate let method: UInt16
        fileprivate let isEncrypted: Bool
        fileprivate let compressedSize: Int
        /// Bytes of the contents.
        let size: Int
        fileprivate let headerOffset: Int
        /// Where the next member begins.
        fileprivate var limit = 0
    }

    private static let memberLimit = 1_000_000
    private static let directoryLimit = 256 << 20
    /// How much larger than the file the contents may be in all: weights hardly shrink.
    private static let expansionLimit = 100
    private static let expansionAllowance = 64 << 20

    private let file: RandomAccessFile
    let members: [String: Member]

    /// - Throws: ``WeightProblem``, with ``WeightProblem/isCutOff`` set where the file has no directory.
    init(_ file: RandomAccessFile) throws(WeightProblem) {
        self.file = file
        let directory = try ZipDirectory(file)
        guard directory.memberCount <= Self.memberLimit, directory.range.count <= Self.directoryLimit else {
            throw .damaged("its zip directory is too large")
        }
        var list = try Self.list(try file.bytes(directory.range), directory.memberCount)
        list.sort { $0.headerOffset < $1.headerOffset }
        var total = 0
        var members: [String: Member] = [:]
        for index in list.indices {
            let limit = index + 1 < list.count ? list[index + 1].headerOffset : directory.range.lowerBound
            let room = limit - list[index].headerOffset - ZipDirectory.localHeaderSize
            guard list[index].compressedSize <= room else { throw .damaged("parts of its zip archive overlap") }
            list[index].limit = limit
            let (sum, overflow) = total.addingReportingOverflow(list[index].size)
            guard !overflow else { throw .damaged("its zip archive has impossible sizes") }
            total = sum
            guard members.updateValue(list[index], forKey: list[index].name) == nil else {
                throw .damaged("its zip archive has two members named \(printable(list[index].name))")
            }
        }
        guard total / Self.expansionLimit <= file.size + Self.expansionAllowance / Self.expansionLimit else {
            throw WeightProblem("would unpack to more than \(Self.expansionLimit) times its size; it is no weight file")
        }
        self.members = members
    }

    /// Where the contents of a member are.
    func location(of member: Member) throws(WeightProblem) -> StorageLocation {
        let name = printable(member.name)
        guard !member.isEncrypted else {
            throw WeightProblem("is encrypted", hint: "unpack it with its password and pack it without")
        }
        let start = member.headerOffset
        let header = try file.bytes(start..<(start + ZipDirectory.localHeaderSize))
        let nameLength = Int(header.integer(UInt16.self, at: 26))
        let extraLength = Int(header.integer(UInt16.self, at: 28))
        let nameStart = start + ZipDirectory.localHeaderSize
        let dataStart = nameStart + nameLength + extraLength
        guard header.integer(UInt32.self, at: 0) == ZipDirectory.localSignature,
            dataStart <= member.limit - member.compressedSize,
            try file.bytes(nameStart..<(nameStart + nameLength)).elementsEqual(member.nameBytes)
        else { throw .damaged("\(name) in its zip archive is not where it should be") }
        let range = dataStart..<(dataStart + member.compressedSize)
        switch member.method {
        case 0:
            guard member.size == member.compressedSize else { throw .damaged("\(name) has two different sizes") }
            return .stored(range)
        case 8: return .deflated(range, size: member.size)
        default:
            throw WeightProblem("is compressed by an unusual method", hint: "unpack it and pack it with plain zip")
        }
    }

    /// The contents of a member, to be read once.
    func stream(_ member: Member) throws(WeightProblem) -> ByteStream {
        switch try location(of: member) {
        case .stored(let range): return ByteStream(file, range)
        case .deflated(let range, let size):
            let inflater = try Inflater(file, range)
            return ByteStream(count: size) { (buffer) throws(WeightProblem) in try inflater.read(into: buffer) }
        }
    }

    private static func list(_ bytes: [UInt8], _ count: Int) throws(WeightProblem) -> [Member] {
        var members: [Member] = []
        var offset = 0
        for _ in 0..<count {
            guard offset + 46 <= bytes.count, bytes.integer(UInt32.self, at: offset) == 0x0201_4B50 else {
                throw .damaged("its zip directory is cut off")
            }
            let nameEnd = offset + 46 + Int(bytes.integer(UInt16.self, at: offset + 28))
            let extraEnd = nameEnd + Int(bytes.integer(UInt16.self, at: offset + 30))
            let end = extraEnd + Int(bytes.integer(UInt16.self, at: offset + 32))
            guard end <= bytes.count else { throw .damaged("its zip directory is cut off") }
            let name = try memberName(bytes[(offset + 46)..<nameEnd])
            var sizes = ZipDirectory.Sizes(
                size: UInt64(bytes.integer(UInt32.self, at: offset + 24)),
                compressedSize: UInt64(bytes.integer(UInt32.self, at: offset + 20)),
                headerOffset: UInt64(bytes.integer(UInt32.self, at: offset + 42))
            )
            try sizes.widen(Array(bytes[nameEnd..<extraEnd]))
            guard let size = Int(exactly: sizes.size), let compressedSize = Int(exactly: sizes.compressedSize),
                let headerOffset = Int(exactly: sizes.headerOffset)
            else { throw .damaged("its zip archive has impossible sizes") }
            members.append(
                Member(
                    name: name,
                    nameBytes: Array(bytes[(offset + 46)..<nameEnd]),
                    method: bytes.integer(UInt16.self, at: offset + 10),
                    isEncrypted: bytes.integer(UInt16.self, at: offset + 8) & 0x2041 != 0,
                    compressedSize: compressedSize,
                    size: size,
                    headerOffset: headerOffset
                )
            )
            offset = end
        }
        return members
    }

    /// Refuses the names that are used to lead an unpacking program astray.
    private static func memberName(_ bytes: ArraySlice<UInt8>) throws(WeightProblem) -> String {
        let name = String(decoding: bytes, as: UTF8.self)
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, !name.hasPrefix("/"), !name.contains("\\"),
            !parts.contains(".."), !name.unicodeScalars.contains(where: { $0.value < 0x20 })
        else {
            throw WeightProblem(
                "is a zip archive with the unsafe name \(printable(name, limit: 60)) in it",
                hint: "do not trust it; choose another file"
            )
        }
        return name
    }
}
