import Foundation
import Testing
import WeightFiles

/// Files that PyTorch wrote, made by `scripts/compare_reader.py`, which says what should be in them.
enum Variants {
    static let kept = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// Those kept with the tests, or those in the folder that `VQCLIP_VARIANTS` names.
    static var all: [URL] {
        let folder = ProcessInfo.processInfo.environment["VQCLIP_VARIANTS"].map { URL(filePath: $0) } ?? kept
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "pt" }.sorted { $0.path < $1.path }
    }
}

@Suite("Files of PyTorch's own")
struct VariantTests {
    @Test func allVariantsAreThere() { #expect(Variants.all.count >= 7) }

    @Test(arguments: Variants.all)
    func everyTensorIsWhatPyTorchSaysItIs(url: URL) throws {
        let file = try WeightFile(path: url.path)
        let expected = try WeightFile(path: url.path + ".expected.safetensors")
        #expect(file.keys == expected.keys)
        for key in expected.keys {
            #expect(file.info(key) == expected.info(key), "\(key)")
            #expect(try file.read(key) == expected.read(key), "\(key)")
        }
        let isScript = url.lastPathComponent.contains(".jit.")
        let format: WeightFileFormat =
            isScript ? .torchScript : url.lastPathComponent.contains("-legacy-") ? .torchLegacy : .torchZip
        #expect(file.format == format)
    }
}
