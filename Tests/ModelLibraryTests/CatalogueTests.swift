import EngineKit
import Foundation
import Testing

@testable import ModelLibrary

@Suite("Catalogue of known models") struct CatalogueTests {
    private let models = Catalogue.builtIn.models

    @Test func namesAreUsableAndDiffer() {
        let names = models.map(\.name) + models.flatMap { $0.aliases ?? [] }.map(ModelName.normalized)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { ModelName.isValid($0) && ModelName.normalized($0) == $0 })
        #expect(models.filter { $0.kind == .clip }.count == 9)
    }

    @Test func everySourceIsSecureAndEverySumIsOne() {
        for source in models.flatMap(\.files).flatMap(\.sources) {
            #expect(DownloadAddress.problem(with: source.url) == nil, "\(source.url)")
            #expect(source.url.hasPrefix("https://"))
            if let sum = source.sha256 { #expect(sum.count == 64 && sum.allSatisfy(\.isHexDigit)) }
            #expect((source.sha256 == nil) == (source.bytes == nil))
        }
    }

    @Test func clipsAreAtAddressesThatContainTheirSums() {
        for model in models where model.kind == .clip {
            let weights = model.files[0].sources
            #expect(weights.allSatisfy { $0.url.contains($0.sha256 ?? "none") })
        }
    }

    @Test(arguments: [
        ("sflckr", "sflckr"), ("S-FLCKR", "sflckr"), ("wikiart_16384", "wikiart-16384"), ("ViT-B/32", "vit-b-32"),
        ("ViT-L/14@336px", "vit-l-14-336px"), ("RN50x4", "rn50x4"), ("vqgan_imagenet_f16_1024", "imagenet-1024"),
    ])
    func otherToolsNamesAreUnderstood(name: String, model: String) {
        #expect(Catalogue.builtIn[name]?.name == model)
    }

    @Test func theReferenceModelsShrinkToAFourteenth() throws {
        let model = try #require(Catalogue.builtIn["sflckr"])
        #expect(model.downloadBytes == 4_263_525_412)
        #expect(try #require(model.importedBytes) == 288_566_796)
        #expect(ModelLibrary.cost(of: model) == "4.26 GB download, 289 MB kept")
    }

    @Test func namesOfFoldersAreSafe() {
        for name in ["", ".", "..", ".hidden", "-x", "a/b", "a b", "a\u{0}", String(repeating: "a", count: 101)] {
            #expect(!ModelName.isValid(name), "\(name)")
        }
        #expect(ModelName.suggested(for: "/tmp/My Paintings (2).ckpt") == "My-Paintings--2-")
        #expect(ModelName.isValid(ModelName.suggested(for: "/tmp/..ckpt")))
        #expect(ModelName.suggested(for: "/tmp/---.pt") == "model")
    }

    @Test func sizesReadWell() {
        let sizes: [(Int64, String)] = [
            (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (1_356_917, "1.4 MB"), (376_581_823, "377 MB"),
            (999_600_000, "1.00 GB"), (4_263_525_412, "4.26 GB"), (1_000_000_000_000, "1000 GB"),
        ]
        for (bytes, text) in sizes { #expect(ByteText.size(bytes) == text) }
    }
}
