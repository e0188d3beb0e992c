import Testing
import WeightFiles

@Suite("Hostile archives")
struct HostileZipTests {
    private static let pickle = Pickle.whole(
        Pickle.dictionary([("a", Pickle.tensor(Pickle.storage("0", count: 2), [2]))])
    )

    private static var builder: ZipBuilder { ZipBuilder(pickle: pickle, storages: ["0": floatBytes([1, 2])]) }

    private func problem(_ change: (inout ZipBuilder) -> Void) throws -> String {
        var builder = Self.builder
        change(&builder)
        return try WeightFilesTests.problem(builder.bytes())
    }

    @Test(arguments: ["../../etc/cron.d/x", "/etc/passwd", "a/../b", "a\\..\\b", "", "a\u{0}b", "a\u{1B}[2Jb"])
    func unsafeNamesAreRefused(name: String) throws {
        let problem = try problem { $0.members.append(ZipBuilder.Member(name: name, data: [])) }
        #expect(problem.contains("unsafe name"))
    }

    @Test func namesMayNotRepeat() throws {
        let problem = try problem { $0.members.append(ZipBuilder.Member(name: "archive/data/0", data: [1])) }
        #expect(problem.contains("two members named archive/data/0"))
    }

    @Test func membersMayNotOverlap() throws {
        #expect(try problem { $0.members[2].claimedCompressedSize = 1000 }.contains("overlap"))
        #expect(try problem { $0.members[2].claimedOffset = 0 }.contains("overlap"))
        #expect(try problem { $0.members[2].claimedOffset = 1 << 31 }.contains("overlap"))
        let far = try problem {
            $0.members[2].isWide = true
            $0.members[2].claimedOffset = .max
        }
        #expect(far.contains("overlap"))
    }

    @Test func sizesMustBePossible() throws {
        #expect(try problem { $0.members[2].claimedSize = 9 }.contains("two different sizes"))
        let negative = try problem {
            $0.members[2].isWide = true
            $0.members[2].claimedSize = -1
        }
        #expect(negative.contains("impossible sizes"))
        let huge = try problem {
            for index in 1...2 {
                $0.members[index].isWide = true
                $0.members[index].claimedSize = .max
            }
        }
        #expect(huge.contains("impossible sizes"))
    }

    @Test func bombsAreRefused() throws {
        let bomb = try problem {
            $0.members[2].isDeflated = true
            $0.members[2].data = Array(repeating: 0, count: 80 << 20)
        }
        #expect(bomb.contains("would unpack to more than 100 times its size"))
    }

    @Test func wrongCompressedDataAreAnError() throws {
        for (data, size) in [([0xFF, 1, 2, 3] as [UInt8], 8), (ZipBuilder.deflated([1, 2, 3, 4]), 8), ([], 8)] {
            var builder = Self.builder
            builder.members[2].data = data
            builder.members[2].method = 8
            builder.members[2].claimedSize = size
            let file = try TemporaryFile(builder.bytes())
            let read = try WeightFile(path: file.path)
            let error = #expect(throws: WeightFileError.self) { try read.read("a") }
            #expect(error?.problem.contains("compressed data in it are wrong or end early") == true)
        }
    }

    @Test func aDamagedHeaderIsNamed() throws {
        let moved = try problem { $0.members[2].claimedLocalName = "archive/data/1" }
        #expect(moved.contains("archive/data/0 in its zip archive is not where it should be"))
        #expect(try problem { $0.members[2].claimedOffset = 1 }.contains("overlap"))
    }

    @Test func unusualArchivesAreNamed() throws {
        #expect(try problem { $0.members[2].flags = 1 }.contains("is encrypted"))
        #expect(try problem { $0.members[2].method = 12 }.contains("compressed by an unusual method"))
        let big = try problem { $0.members[1].data = Array("big".utf8) }
        #expect(big.contains("was written by a big-endian computer"))
        #expect(try problem { $0.members.remove(at: 0) }.contains("not one that PyTorch made"))
        #expect(try problem { $0.members = [] }.contains("not one that PyTorch made"))
        let inner = try problem { $0.members = [ZipBuilder.Member(name: "x/model.ckpt", data: [1])] }
        #expect(inner.contains("unpack it and choose x/model.ckpt"))
        let two = try problem { $0.members.append(ZipBuilder.Member(name: "other/data.pkl", data: Self.pickle)) }
        #expect(two.contains("a zip archive of 2 checkpoints"))
        #expect(try problem { $0.members.remove(at: 2) }.contains("the data of a are not in it"))
    }

    @Test func aDeeperPickleIsNotTheCheckpoint() throws {
        var builder = Self.builder
        builder.members.append(ZipBuilder.Member(name: "archive/extra/data.pkl", data: [1, 2, 3]))
        let file = try TemporaryFile(builder.bytes())
        #expect(try WeightFile(path: file.path).keys == ["a"])
    }

    @Test func aFileCutOffAnywhereIsAnError() throws {
        let whole = Self.builder.bytes()
        for count in whole.indices { _ = try WeightFilesTests.problem(Array(whole[..<count])) }
    }

    @Test func anIncompleteDownloadSaysHowMuchIsMissing() throws {
        let large = Pickle.tensor(Pickle.storage("0", count: 1_065_000_000), [2])
        var builder = Self.builder
        builder.members[0].data = Pickle.whole(Pickle.dictionary([("a", large)]))
        builder.members[2].data = Array(repeating: 7, count: 120_000)
        let cut = try WeightFilesTests.problem(Array(builder.bytes().prefix(100_000)))
        #expect(cut.hasSuffix("is cut off: an incomplete download, 0.0 of 4.2 GB; download it again"))
    }
}
