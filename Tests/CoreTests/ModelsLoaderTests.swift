import EngineKit
import Foundation
import ModelFormats
import Testing
import Tokenizers
import Torch

@testable import Core

/// Folders and files that a user may point at, right and wrong.
@Suite(.serialized, .leavesNothingAlive) final class ModelsLoaderTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Fixtures.builtIn, to: folder)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func load(_ vqgan: String? = nil, _ clip: String? = nil) throws -> ModelPair {
        try ModelLoader.load(
            ModelChoice(vqgan: vqgan ?? folder.path, clip: clip ?? folder.path),
            device: .cpu,
            progress: { _ in },
            isCancelled: { false }
        )
    }

    private func failure(_ vqgan: String? = nil, _ clip: String? = nil) -> EngineFailure? {
        let failure = #expect(throws: EngineFailure.self) { try self.load(vqgan, clip) }
        #expect(failure?.description.contains("\n") == false)
        #expect(failure?.hint != nil)
        return failure
    }

    private func write(_ text: String, _ file: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: file))
    }

    private func remove(_ file: String) throws { try FileManager.default.removeItem(at: folder.appending(path: file)) }

    @Test func builtInPairIsDescribed() throws {
        let pair = try load()
        #expect(pair.summary.hasSuffix("VQGAN f=8, 4096 codes + CLIP 64 px"))
        #expect(pair.recommended[.size] == "128x128")
        #expect(pair.recommended[.start] == "sketch")
        #expect(pair.sketches?.book.captions.count == 4644)
        #expect(pair.clip.tokenizer.tokenLimit == 30)
    }

    @Test func nameIsFoundAmongTheUsersModels() throws {
        let data = folder.appending(path: "data")
        let models = data.appending(path: "vqclip-tui/models")
        try FileManager.default.createDirectory(at: models, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Fixtures.builtIn, to: models.appending(path: "mine"))
        let environment = ["XDG_DATA_HOME": data.path]
        #expect(try ModelFolder("mine", environment: environment).url.path == models.appending(path: "mine").path)
        let failure = #expect(throws: EngineFailure.self) { try ModelFolder("other", environment: environment) }
        #expect(failure?.summary == "there is no model 'other'")
        #expect(failure?.hint?.contains(models.path) == true)
    }

    @Test func weightFilesCanBeNamedThemselves() throws {
        let pair = try load(folder.path + "/vqgan.safetensors", folder.path + "/clip.safetensors")
        #expect(pair.summary == "vqgan VQGAN f=8, 4096 codes + clip CLIP 64 px")
        #expect(pair.sketches != nil)
    }

    @Test func modelsOfDifferentFoldersHaveNoSketchbook() throws {
        let pair = try load(folder.path, Fixtures.builtIn.path)
        #expect(pair.sketches == nil)
        #expect(pair.recommended.isEmpty)
    }

    @Test func folderWithoutItsExtrasLoads() throws {
        for file in ["sketchbook.safetensors", "sketchbook.json", "settings.json", "vqgan.json", "clip.json"] {
            try remove(file)
        }
        let pair = try load()
        #expect(pair.sketches == nil)
        #expect(pair.recommended.isEmpty)
    }

    @Test(arguments: ["vqgan.safetensors", "clip.safetensors", "vocab.json", "merges.txt", "sketchbook.json"])
    func missingFileIsNamed(file: String) throws {
        try remove(file)
        #expect(failure()?.summary.contains("has no \(file)") == true)
    }

    @Test(arguments: [
        "vqgan.safetensors", "clip.safetensors", "vocab.json", "merges.txt", "sketchbook.json",
        "sketchbook.safetensors",
        "settings.json",
    ])
    func damagedFileIsNamed(file: String) throws {
        try write("{ what is this?", file)
        #expect(failure()?.description.contains(file) == true)
    }

    @Test(arguments: ["vqgan.safetensors", "clip.safetensors", "sketchbook.safetensors"])
    func cutOffFileIsNamed(file: String) throws {
        let url = folder.appending(path: file)
        try Data(contentsOf: url).prefix(100_000).write(to: url)
        #expect(failure()?.summary.contains("\(file) is cut off") == true)
    }

    @Test func otherKindsOfModelAreToldApart() {
        let clip = folder.appending(path: "clip.safetensors").path
        #expect(failure(clip)?.summary == "\(clip) is not a VQGAN, but a CLIP")
        let vqgan = folder.appending(path: "vqgan.safetensors").path
        #expect(failure(nil, vqgan)?.summary == "\(vqgan) is not a CLIP, but a VQGAN")
        let sketches = folder.appending(path: "sketchbook.safetensors").path
        #expect(failure(sketches)?.summary.hasPrefix("\(sketches) is not a VQGAN that can be used") == true)
    }

    @Test func captionsMustFitTheSketches() throws {
        try write(#"["one", "two"]"#, "sketchbook.json")
        #expect(failure()?.summary.contains("do not belong together") == true)
    }

    @Test func settingsAreChecked() throws {
        try write(#"{"sise": "128x128"}"#, "settings.json")
        #expect(failure()?.summary.contains("sets 'sise', which is unknown") == true)
        try write(#"{"steps": "many"}"#, "settings.json")
        #expect(failure()?.summary.contains("'many' is not a whole number") == true)
    }

    @Test func vocabularyMustFitTheModel() throws {
        try write(#"{"a": 4096}"#, "vocab.json")
        #expect(failure()?.summary.contains("vocab.json has more tokens than the CLIP") == true)
    }

    @Test func checkpointsWithATransformerAreReadThroughTheirPrefix() throws {
        var tensors = ["transformer.head.weight": try Tensor.zeros([2])]
        for (key, tensor) in try Fixtures.model("vqgan.ckpt") { tensors["first_stage_model.\(key)"] = tensor }
        let url = folder.appending(path: "net2net.safetensors")
        try Data(Safetensors.encode(tensors)).write(to: url)
        let vqgan = try ModelLoader.loadVQGAN(ModelSource(.vqgan, in: ModelFolder(url.path)), .cpu)
        #expect(vqgan.cellSize == 4)
    }

    @Test func openAIsModelsNeedOnlyTheirMerges() throws {
        var tensors = try Fixtures.model("clip-vit.pt")
        // The alphabet twice, one merge and the two marks.
        tensors["token_embedding.weight"] = try Tensor.normal([515, 32], seed: 1)
        try Data(Safetensors.encode(tensors)).write(to: folder.appending(path: "clip.safetensors"))
        try write("#version: 0.2\nt h\nth e</w>\n", "merges.txt")
        try remove("clip.json")
        try remove("vocab.json")
        let clip = try ModelLoader.loadCLIP(ModelSource(.clip, in: ModelFolder(folder.path)), .cpu)
        #expect(clip.resolution == 32)
        #expect(clip.tokenizer.encode("the") == [512, 68 + 256])
        #expect(clip.tokenizer.window("").ids.prefix(3) == [513, 514, 0])
        #expect(try clip.textFeatures(of: ["the", "sea"]).features.shape == [2, 32])
    }

    @Test func loadingCanBeCancelledBetweenFiles() throws {
        var begun: [String] = []
        let path = folder.path
        let failure = #expect(throws: EngineFailure.self) {
            try ModelLoader.load(
                ModelChoice(vqgan: path, clip: path),
                device: .cpu,
                progress: { begun.append($0.item) },
                isCancelled: { begun.count == 1 }
            )
        }
        #expect(failure?.kind == .cancelled)
        #expect(begun == ["VQGAN \(path)"])
    }

    @Test func nothingIsLeftAlive() throws {
        let before = Tensor.liveCount
        do {
            let pair = try load()
            _ = try pair.clip.textFeatures(of: ["a cat"])
            #expect(Tensor.liveCount > before)
        }
        #expect(Tensor.liveCount == before)
    }
}
