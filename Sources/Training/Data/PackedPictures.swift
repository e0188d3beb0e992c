import EngineKit
import Foundation
import Media
import Synchronization

/// Pictures decoded once, brought to squares of one size and kept in a file that is mapped into memory: what a training
/// run reads over and over, however many pictures there are.
final class PackedPictures {
    /// What is in the file, and what was left out and why.
    struct Index: Codable {
        var version = 1
        var side: Int
        var files: [CaptionedFile] = []
        var unreadable: [String] = []
        var tooSmall = 0
        var duplicates = 0
    }

    let index: Index
    private let mapped: UnsafeRawBufferPointer

    private init(index: Index, mapped: UnsafeRawBufferPointer) {
        self.index = index
        self.mapped = mapped
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: mapped.baseAddress), mapped.count) }

    var side: Int { index.side }
    var count: Int { index.files.count }

    private var pictureBytes: Int { side * side * 3 }

    /// Copies a square of a picture: rows of RGB bytes, row by row.
    func copy(_ picture: Int, x: Int, y: Int, size: Int, flipped: Bool, to target: UnsafeMutableRawBufferPointer) {
        guard let source = mapped.baseAddress, let destination = target.baseAddress else { return }
        for row in 0..<size {
            let start = source + picture * pictureBytes + ((y + row) * side + x) * 3
            let place = destination + row * size * 3
            if flipped {
                for column in 0..<size { memcpy(place + column * 3, start + (size - 1 - column) * 3, 3) }
            } else {
                memcpy(place, start, size * 3)
            }
        }
    }
}

extension PackedPictures {
    /// Decoding as seen from outside.
    struct Progress: Sendable {
        let done: Int
        let total: Int
    }

    /// Pictures whose shorter side has fewer pixels than this are left out.
    static func leastSide(_ side: Int) -> Int { max(8, side / 4) }

    /// Finds the packed pictures of a folder in the cache, or decodes and packs them.
    /// - Parameters:
    ///   - side: of the squares, in pixels; pictures are scaled to cover them and cropped at their centre.
    ///   - cache: the folder that packed files are kept in.
    /// - Throws: ``EngineFailure`` when no picture is usable, the disk is full or the user has had enough.
    static func open(
        _ files: [CaptionedFile],
        in folder: URL,
        side: Int,
        cache: URL,
        threads: Int,
        progress: (Progress) -> Void,
        isCancelled: () -> Bool
    ) throws -> PackedPictures {
        let name = cacheName(files, folder, side)
        let pixels = cache.appending(path: "\(name).pixels")
        let table = cache.appending(path: "\(name).json")
        if let packed = try? load(table, pixels, side) { return packed }
        try requireRoom(for: files.count * side * side * 3, in: cache)
        let index = try pack(
            files,
            folder,
            side,
            to: pixels,
            threads: threads,
            progress: progress,
            isCancelled: isCancelled
        )
        guard !index.files.isEmpty else {
            unlink(pixels.path)
            throw EngineFailure(
                .image,
                "none of the \(files.count) pictures in \(folder.path) can be used",
                hint: index.unreadable.first ?? "use pictures of at least \(leastSide(side)) pixels a side"
            )
        }
        // Last, since its presence says that the pixels are complete.
        try AtomicFile.write(Array(JSONEncoder().encode(index)), to: table.path, overwrite: true)
        return try load(table, pixels, side)
    }

    private static func load(_ table: URL, _ pixels: URL, _ side: Int) throws -> PackedPictures {
        let index = try JSONDecoder().decode(Index.self, from: Data(contentsOf: table))
        let size = index.files.count * side * side * 3
        let descriptor = Glibc.open(pixels.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw EngineFailure(.file, "\(pixels.path) cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard index.version == 1, index.side == side, fstat(descriptor, &status) == 0, Int(status.st_size) == size,
            size > 0, let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED
        else { throw EngineFailure(.file, "\(pixels.path) is damaged", hint: "delete it") }
        return PackedPictures(index: index, mapped: UnsafeRawBufferPointer(start: address, count: size))
    }

    /// FNV-1a over everything that the packed file depends on.
    private static func cacheName(_ files: [CaptionedFile], _ folder: URL, _ side: Int) -> String {
        var digest = Digest()
        digest.add("\(folder.standardizedFileURL.path)\n\(side)\n")
        for file in files { digest.add("\(file.path)\n\(file.size) \(file.modified)\n\(file.captions)\n") }
        return String(digest.value, radix: 16)
    }

    private static func requireRoom(for bytes: Int, in cache: URL) throws {
        try FileManager.default.createDirectory(at: cache, withIntermediateDirectories: true)
        var status = statvfs()
        guard statvfs(cache.path, &status) == 0 else { return }
        let free = Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
        guard free > bytes else {
            throw EngineFailure(
                .file,
                "the decoded pictures need \(bytes >> 20) MiB in \(cache.path), which has \(free >> 20)",
                hint: "free some space or point XDG_CACHE_HOME at another disk"
            )
        }
    }

    /// The outcome of decoding one file.
    private enum Decoded: Sendable {
        case picture([UInt8])
        case tooSmall
        case unreadable(String)
    }

    private static func pack(
        _ files: [CaptionedFile],
        _ folder: URL,
        _ side: Int,
        to url: URL,
        threads: Int,
        progress: (Progress) -> Void,
        isCancelled: () -> Bool
    ) throws -> Index {
        let temporary = url.appendingPathExtension("\(getpid()).tmp")
        let output = try PackedOutput(temporary)
        var index = Index(side: side)
        var seen: Set<UInt64> = []
        let portion = max(1, threads) * 8
        for start in stride(from: 0, to: files.count, by: portion) {
            if isCancelled() { throw EngineFailure(.cancelled, "decoding was interrupted") }
            let some = Array(files[start..<min(files.count, start + portion)])
            for (file, result) in zip(some, decode(some, folder, side, threads)) {
                switch result {
                case .tooSmall: index.tooSmall += 1
                case .unreadable(let why): index.unreadable.append(why)
                case .picture(let bytes):
                    var digest = Digest()
                    digest.add(bytes)
                    digest.add("\(file.captions)")
                    guard seen.insert(digest.value).inserted else {
                        index.duplicates += 1
                        continue
                    }
                    try output.append(bytes)
                    index.files.append(file)
                }
            }
            progress(Progress(done: min(files.count, start + portion), total: files.count))
        }
        try output.publish(as: url)
        return index
    }

    private static func decode(_ files: [CaptionedFile], _ folder: URL, _ side: Int, _ threads: Int) -> [Decoded] {
        let results = Mutex([Decoded](repeating: .tooSmall, count: files.count))
        let workers = max(1, min(threads, files.count))
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            for position in stride(from: worker, to: files.count, by: workers) {
                let result = decode(folder.appending(path: files[position].path), side)
                results.withLock { $0[position] = result }
            }
        }
        return results.withLock { $0 }
    }

    private static func decode(_ url: URL, _ side: Int) -> Decoded {
        do {
            let image = try ImageReader.read(url.path)
            guard min(image.width, image.height) >= leastSide(side) else { return .tooSmall }
            return .picture(image.coverCropped(width: side, height: side).pixels)
        } catch {
            return .unreadable(error.failure.summary)
        }
    }
}

/// A file that grows under a temporary name and vanishes unless it is published.
private final class PackedOutput {
    private let url: URL
    private let descriptor: Int32

    init(_ url: URL) throws {
        self.url = url
        descriptor = Glibc.open(url.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(url) }
    }

    deinit {
        close(descriptor)
        unlink(url.path)
    }

    func append(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Self.failure(url)
            }
        }
    }

    func publish(as target: URL) throws {
        guard fsync(descriptor) == 0, rename(url.path, target.path) == 0 else { throw Self.failure(target) }
    }

    private static func failure(_ url: URL) -> EngineFailure {
        let isFull = errno == ENOSPC || errno == EDQUOT
        let why = isFull ? "no space left on the disk" : String(cString: strerror(errno))
        return EngineFailure(
            .file,
            "the decoded pictures cannot be written to \(url.path): \(why)",
            hint: "free some space or point XDG_CACHE_HOME at another disk"
        )
    }
}

/// FNV-1a with 64 bits: tells apart what nobody means to confuse.
struct Digest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(_ text: String) { add(text.utf8) }
}
