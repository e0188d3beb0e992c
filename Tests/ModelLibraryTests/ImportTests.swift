import EngineKit
import Foundation
import Testing
import WeightFiles

@testable import ModelLibrary

@Suite("Importing weights") struct ImportTests {
    /// Writes tensors of zeros.
    private func file(_ tensors: [String: [Int]], _ type: ElementType = .float32, at path: String) throws -> WeightFile
    {
        let infos = tensors.compactMapValues { TensorInfo(type: type, shape: $0) }
        var data = Data()
        try SafetensorsWriter(infos).write(to: { data.append(contentsOf: $0) }) { _, info, sink in
            try [UInt8](repeating: 0, count: info.byteCount).withUnsafeBytes { try sink($0) }
        }
        try data.write(to: URL(filePath: path))
        return try WeightFile(path: path)
    }

    private let vqgan: [String: [Int]] = [
        "decoder.conv_in.weight": [4, 4, 3, 3], "decoder.up.0.block.0.norm1.weight": [4],
        "decoder.up.1.block.0.norm1.weight": [4], "quantize.embedding.weight": [8, 4], "quantize.cluster_size": [8],
    ]

    @Test func aFirstStageLosesItsPrefixAndCompany() throws {
        let folder = try TemporaryFolder()
        var tensors: [String: [Int]] = ["transformer.blocks.0.attn.mask": [1, 1]]
        for (key, shape) in vqgan {
            tensors["first_stage_model." + key] = shape
            // The condition of S-FLCKR is a VQGAN, too.
            tensors["cond_stage_model." + key] = shape
        }
        let selection = try #require(WeightSelection(try file(tensors, at: folder.path("a.safetensors"))))
        #expect(selection.kind == .vqgan && selection.architecture == "f=2, 8 codes")
        #expect(Set(selection.tensors.keys) == Set(vqgan.keys).subtracting(["quantize.cluster_size"]))
        #expect(selection.tensors["decoder.conv_in.weight"] == "first_stage_model.decoder.conv_in.weight")
    }

    @Test func aDecoderOfPatchesCountsThem() throws {
        let folder = try TemporaryFolder()
        let patches = vqgan.merging(["decoder.conv_out.weight": [12, 4, 3, 3]]) { $1 }
        #expect(WeightSelection(try file(patches, at: folder.path("a")))?.architecture == "f=4, 8 codes")
    }

    @Test func theLayoutsOfCLIPAreRecognised() throws {
        let folder = try TemporaryFolder()
        let openAI = try file(
            [
                "visual.conv1.weight": [4, 3, 32, 32], "visual.positional_embedding": [50, 4],
                "text_projection": [4, 6],
                "input_resolution": [1], "transformer.resblocks.0.attn_mask": [2, 2],
            ],
            at: folder.path("a")
        )
        let first = try #require(WeightSelection(openAI))
        #expect(first.kind == .clip && first.architecture == "ViT, 224 px, patch 32, 6 features")
        #expect(
            Set(first.tensors.keys) == [
                "visual.conv1.weight", "visual.positional_embedding", "text_projection", "input_resolution",
            ]
        )
        let huggingFace = try file(
            [
                "vision_model.embeddings.patch_embedding.weight": [4, 3, 16, 16], "text_projection.weight": [6, 4],
                "vision_model.embeddings.position_embedding.weight": [197, 4], "logit_scale": [],
                "vision_model.embeddings.position_ids": [1, 197],
            ],
            at: folder.path("b")
        )
        let second = try #require(WeightSelection(huggingFace))
        #expect(second.architecture == "ViT, 224 px, patch 16, 6 features" && second.tensors.count == 4)
        let resNet = try file(
            [
                "visual.conv1.weight": [4, 3, 3, 3], "visual.attnpool.positional_embedding": [50, 4],
                "visual.layer1.0.conv1.weight": [1], "visual.layer2.0.conv1.weight": [1],
                "visual.layer3.0.conv1.weight": [1], "visual.layer4.0.conv1.weight": [1], "text_projection": [4, 6],
            ],
            at: folder.path("c")
        )
        #expect(WeightSelection(resNet)?.architecture == "ResNet 1-1-1-1, 224 px, 6 features")
        let openCLIP: [String: [Int]] = [
            "module.visual.conv1.weight": [4, 3, 32, 32], "module.text.text_projection": [4, 6],
            "module.text.token_embedding.weight": [9, 4], "module.text.attn_mask": [2, 2], "module.logit_scale": [],
        ]
        let fourth = try #require(WeightSelection(try file(openCLIP, at: folder.path("e"))))
        #expect(
            Set(fourth.tensors.keys)
                == ["visual.conv1.weight", "text.text_projection", "text.token_embedding.weight", "logit_scale"]
        )
        #expect(WeightSelection(try file(["some.weight": [1]], at: folder.path("d"))) == nil)
    }

    @Test func elementsAreConvertedOrRefused() {
        func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        let floats: [Float] = [0, 1.5, -3.25, 65504]
        #expect(
            WeightConversion.convert(bytes(floats), from: .float32, to: .float16) == bytes(floats.map { Float16($0) })
        )
        #expect(WeightConversion.convert(bytes([1e6 as Float]), from: .float32, to: .float16) == nil)
        #expect(WeightConversion.convert(bytes([0.1]), from: .float64, to: .float32) == bytes([0.1 as Float]))
        #expect(WeightConversion.convert(bytes([1e300]), from: .float64, to: .float32) == nil)
        #expect(
            WeightConversion.convert(bytes([0x3FC0 as UInt16]), from: .bfloat16, to: .float16)
                == bytes([1.5 as Float16])
        )
        #expect(WeightConversion.kept(.int64, isHalf: true) == .int64)
        #expect(WeightConversion.kept(.bfloat16, isHalf: false) == .bfloat16)
    }

    @Test func aFolderBecomesAPairWithItsCompanions() throws {
        let folder = try TemporaryFolder()
        let source = folder.url.appending(path: "source", directoryHint: .isDirectory)
        try FolderSwap.create(source)
        _ = try file(vqgan, at: source.appending(path: "any.safetensors").path)
        _ = try file(["text_projection": [4, 6]], at: source.appending(path: "eye.safetensors").path)
        for name in ["merges.txt", "settings.json", "eye.json", "notes.txt"] {
            try Data("{}".utf8).write(to: source.appending(path: name))
        }
        let library = try ModelLibrary(environment: ["HOME": folder.url.path, "VQCLIP_SHARE": folder.url.path])
        var events: [ModelEvent] = []
        let observer = ModelObserver(report: { events.append($0) }, isCancelled: { false })
        let model = try library.importModel(
            from: source,
            options: ImportOptions(name: "pair", tool: "test"),
            observer: observer
        )
        #expect(model.kinds == [.vqgan, .clip] && !model.isBuiltIn && model.part(.vqgan)?.provenance?.tool == "test")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: model.folder.path).sorted()
                == ["clip.json", "clip.safetensors", "merges.txt", "settings.json", "vqgan.safetensors"]
        )
        #expect(library.model(named: "pair") == model)
        let cancelled = ModelObserver(report: { _ in }, isCancelled: { true })
        let refusal = #expect(throws: EngineFailure.self) {
            try library.importModel(from: source, options: ImportOptions(name: "no", tool: "test"), observer: cancelled)
        }
        #expect(refusal?.kind == .cancelled)
        #expect(try FileManager.default.contentsOfDirectory(atPath: library.folder.path) == ["pair"])
    }
}
