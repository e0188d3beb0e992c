import Foundation
import Testing
import WeightFiles

/// Changes files in many small ways. Each gives an error in one line, or tensors of the size that they claim; never a
/// crash, a hang, or more memory than the file's size can justify.
///
/// `VQCLIP_FUZZ=1000000 swift test --filter FuzzTests` tries as many changes as it says, from a new seed.
@Suite("Fuzzing")
struct FuzzTests {
    /// Bytes that the tensors of a file may have in all to be read.
    private static let readLimit = 16 << 20

    private static let corpus: [[UInt8]] = {
        let small = Pickle.dictionary([
            (
                "state_dict",
                Pickle.dictionary([
                    ("a", Pickle.tensor(Pickle.storage("0", count: 6), [3, 2], strides: [1, 3])),
                    ("b", Pickle.tensor(Pickle.storage("1", "LongStorage", count: 1), [])),
                ])
            ), ("epoch", Pickle.int(3)), ("x", Pickle.object("a", "B", state: Pickle.list([Pickle.none]))),
        ])
        let storages = ["0": floatBytes([0, 1, 2, 3, 4, 5]), "1": bytes([7])]
        var wide = ZipBuilder(pickle: Pickle.whole(small), storages: storages)
        wide.isWide = true
        for index in wide.members.indices { wide.members[index].isWide = true }
        let protocol0: String =
            "L119547037146038801333356L\n.I1001\n.(dS'little_endian'\nI01\ns.(dp0\nS'a'\nctorch._utils\n"
            + "_rebuild_tensor\n((S'storage'\nctorch\nFloatStorage\nS'7'\nS'cpu'\nL6L\nNtQI1\n(I2\nt(I1\nttRs.(lp0\nS'7'\na."
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":{"x":"\u00e9"}}"#
        let built: [[UInt8]] = [
            ZipBuilder(pickle: Pickle.whole(small), storages: storages).bytes(), wide.bytes(),
            ZipBuilder(pickle: Pickle.whole(small), storages: storages, isDeflated: true).bytes(),
            LegacyStreamTests.file(small, storages: [("0", 6, storages["0"] ?? []), ("1", 1, storages["1"] ?? [])]),
            Array(protocol0.utf8) + bytes([6]) + floatBytes([0, 1, 2, 3, 4, 5]),
            bytes([header.utf8.count]) + Array(header.utf8) + floatBytes([1, 2]),
        ]
        let folder = Variants.kept.path
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            $0.hasSuffix(".pt")
        }
        // The small ones three times as often, since a change of theirs is more likely to matter.
        let kept: [[UInt8]] = names.sorted().compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/\(name)").map(Array.init)
        }
        return built + built + built + kept
    }()

    private static func changed(_ original: [UInt8], _ random: inout FixedRandom) -> [UInt8] {
        var bytes = original
        for _ in 0...Int.random(in: 0..<4, using: &random) {
            guard !bytes.isEmpty else { return [0] }
            // Half of the changes go to the end of the file, where a zip archive keeps its directory.
            let start = Bool.random(using: &random) ? max(0, bytes.count - 400) : 0
            let place = Int.random(in: start..<bytes.count, using: &random)
            let length = Int.random(in: 1...8, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + length))
            case 3: bytes.insert(contentsOf: (0..<length).map { _ in .random(in: 0...255, using: &random) }, at: place)
            case 4:
                let numbers: [UInt64] = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 40, .max, .max >> 1]
                let number = numbers[Int.random(in: 0..<numbers.count, using: &random)]
                let size = min([1, 2, 4, 8][Int.random(in: 0..<4, using: &random)], bytes.count - place)
                for index in 0..<size { bytes[place + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
            case 5:
                // Any operation of a pickle.
                let codes: [UInt8] = Array("().012FGIJKLMNPQRSTUVXabcdeghijlopqrstu]}BC".utf8) + [UInt8](0x80...0x98)
                bytes[place] = codes[Int.random(in: 0..<codes.count, using: &random)]
            case 6:
                let other = Int.random(in: 0..<bytes.count, using: &random)
                let part = Array(bytes[other..<min(bytes.count, other + length * 4)])
                bytes.replaceSubrange(place..<min(bytes.count, place + length), with: part)
            default: bytes.removeSubrange(place...)
            }
        }
        return bytes
    }

    /// Opens a file and reads what is in it.
    /// - Returns: whether it was accepted.
    private static func open(_ path: String) -> Bool {
        do throws(WeightFileError) {
            let file = try WeightFile(path: path)
            var left = readLimit
            for key in file.keys {
                guard let info = file.info(key) else { continue }
                left -= info.byteCount
                if left < 0 { break }
                let bytes = try file.read(key)
                #expect(bytes.count == info.byteCount)
            }
            return true
        } catch {
            #expect(!error.problem.isEmpty && !error.description.contains("\n") && error.description.utf8.count < 2000)
        }
        return false
    }

    @Test func changedFilesGiveAnErrorOrTensorsThatFit() throws {
        let wanted = ProcessInfo.processInfo.environment["VQCLIP_FUZZ"].flatMap { Int($0) }
        let count = wanted ?? 1500
        var random = FixedRandom(wanted == nil ? 20_21 : UInt64.random(in: 0 ... .max))
        let file = try TemporaryFile([0])
        var accepted = 0
        for index in 0..<count {
            let bytes = Self.changed(Self.corpus[index % Self.corpus.count], &random)
            try file.write(bytes)
            if Self.open(file.path) { accepted += 1 }
        }
        // Neither does every change spoil a file, nor is everything accepted.
        #expect((count / 20..<count).contains(accepted))
        if wanted != nil { print("\(count) changed files, \(accepted) accepted") }
    }
}
