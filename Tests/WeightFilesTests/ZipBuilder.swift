import CZlib

/// Zip archives, well formed or not.
struct ZipBuilder {
    struct Member {
        var name: String
        var data: [UInt8]
        var isDeflated = false
        var isWide = false
        /// What the directory says instead of the truth.
        var claimedSize: Int?
        var claimedCompressedSize: Int?
        var claimedOffset: Int?
        var claimedLocalName: String?
        var method: UInt16?
        var flags: UInt16 = 0
    }

    var members: [Member] = []
    var comment: [UInt8] = []
    /// Whether the directory itself is that of a large archive.
    var isWide = false

    init(_ members: [Member] = []) { self.members = members }

    /// What `torch.save` makes of a pickle and storages.
    init(pickle: [UInt8], root: String = "archive", storages: [String: [UInt8]] = [:], isDeflated: Bool = false) {
        members.append(Member(name: "\(root)/data.pkl", data: pickle, isDeflated: isDeflated))
        members.append(Member(name: "\(root)/byteorder", data: Array("little".utf8)))
        for (key, data) in storages.sorted(by: { $0.key < $1.key }) {
            members.append(Member(name: "\(root)/data/\(key)", data: data, isDeflated: isDeflated))
        }
        members.append(Member(name: "\(root)/version", data: Array("3\n".utf8)))
    }

    func bytes() -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for member in members {
            let contents = member.isDeflated ? Self.deflated(member.data) : member.data
            let name = Array(member.name.utf8)
            let localName = Array((member.claimedLocalName ?? member.name).utf8)
            let method = member.method ?? (member.isDeflated ? 8 : 0)
            let offset = member.claimedOffset ?? file.count
            // As PyTorch writes it, with the sizes in the directory alone.
            file += little(0x0403_4B50, 4) + little(0, 2) + little(Int(member.flags) | 8, 2) + little(Int(method), 2)
            file += little(0, 16) + little(localName.count, 2) + little(4, 2) + localName + Array("FB\0\0".utf8)
            file += contents
            let sizes = [
                member.claimedSize ?? member.data.count, member.claimedCompressedSize ?? contents.count, offset,
            ]
            let extra = member.isWide ? little(1, 2) + little(24, 2) + sizes.flatMap { little($0, 8) } : []
            let small = member.isWide ? Array(repeating: 0xFFFF_FFFF, count: 3) : sizes
            directory += little(0x0201_4B50, 4) + little(0, 4) + little(Int(member.flags) | 8, 2)
            directory += little(Int(method), 2) + little(0, 8) + little(small[1], 4) + little(small[0], 4)
            directory += little(name.count, 2) + little(extra.count, 2) + little(0, 10) + little(small[2], 4)
            directory += name + extra
        }
        let start = file.count
        file += directory
        if isWide {
            let record = file.count
            file += little(0x0606_4B50, 4) + little(44, 8) + little(0, 12) + little(members.count, 8)
            file += little(members.count, 8) + little(directory.count, 8) + little(start, 8)
            file += little(0x0706_4B50, 4) + little(0, 4) + little(record, 8) + little(1, 4)
            return file + little(0x0605_4B50, 4) + Array(repeating: 0xFF, count: 16) + little(0, 2)
        }
        file += little(0x0605_4B50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2)
        return file + little(directory.count, 4) + little(start, 4) + little(comment.count, 2) + comment
    }

    private func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 < 8 ? value >> (8 * $0) : 0) }
    }

    /// A bare deflate stream.
    static func deflated(_ data: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit2_(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK else {
            return []
        }
        defer { deflateEnd(&stream) }
        var input = data
        var output = [UInt8](repeating: 0, count: data.count + data.count / 100 + 100)
        let made = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                return deflate(&stream, Z_FINISH) == Z_STREAM_END ? Int(stream.total_out) : 0
            }
        }
        return Array(output[..<made])
    }
}
