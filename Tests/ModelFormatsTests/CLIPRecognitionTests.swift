import Foundation
import Testing

@testable import ModelFormats

/// The names and shapes of one of OpenAI's CLIPs.
struct CLIPShapes {
    let name: String
    let embedding: Int
    let resolution: Int
    /// Of the image tower.
    let layers: [Int]
    let width: Int
    let patch: Int?
    let textWidth: Int
    var vocabulary = 49_408
    var context = 77

    static let all = [
        CLIPShapes("RN50", 1024, 224, [3, 4, 6, 3], 64, nil, 512),
        CLIPShapes("RN101", 512, 224, [3, 4, 23, 3], 64, nil, 512),
        CLIPShapes("RN50x4", 640, 288, [4, 6, 10, 6], 80, nil, 640),
        CLIPShapes("RN50x16", 768, 384, [6, 8, 18, 8], 96, nil, 768),
        CLIPShapes("RN50x64", 1024, 448, [3, 15, 36, 10], 128, nil, 1024),
        CLIPShapes("ViT-B/32", 512, 224, [12], 768, 32, 512),
        CLIPShapes("ViT-B/16", 512, 224, [12], 768, 16, 512),
        CLIPShapes("ViT-L/14", 768, 224, [24], 1024, 14, 768),
        CLIPShapes("ViT-L/14@336px", 768, 336, [24], 1024, 14, 768),
    ]

    init(_ name: String, _ embedding: Int, _ resolution: Int, _ layers: [Int], _ width: Int, _ patch: Int?, _ text: Int)
    {
        (self.name, self.embedding, self.resolution, self.layers) = (name, embedding, resolution, layers)
        (self.width, self.patch, textWidth) = (width, patch, text)
    }

    /// Enough of OpenAI's tensors to know the architecture by, and all of a transformer's block.
    var openAI: [String: [Int]] {
        var shapes: [String: [Int]] = [
            "text_projection": [textWidth, embedding], "positional_embedding": [context, textWidth],
            "token_embedding.weight": [vocabulary, textWidth], "ln_final.weight": [textWidth],
            "ln_final.bias": [textWidth], "logit_scale": [],
        ]
        for index in 0..<12 { Self.addBlock("transformer.resblocks.\(index)", textWidth, &shapes) }
        if let patch {
            let places = (resolution / patch) * (resolution / patch) + 1
            shapes["visual.conv1.weight"] = [width, 3, patch, patch]
            shapes["visual.class_embedding"] = [width]
            shapes["visual.positional_embedding"] = [places, width]
            shapes["visual.proj"] = [width, embedding]
            for index in 0..<layers[0] { Self.addBlock("visual.transformer.resblocks.\(index)", width, &shapes) }
        } else {
            let places = (resolution / 32) * (resolution / 32) + 1
            shapes["visual.attnpool.positional_embedding"] = [places, width * 32]
            for (stage, count) in layers.enumerated() {
                for block in 0..<count {
                    let inputs = block == 0 && stage == 0 ? width : width << (stage + 1)
                    shapes["visual.layer\(stage + 1).\(block).conv1.weight"] = [width << stage, inputs, 1, 1]
                }
            }
        }
        return shapes
    }

    private static func addBlock(_ name: String, _ width: Int, _ shapes: inout [String: [Int]]) {
        shapes["\(name).attn.in_proj_weight"] = [3 * width, width]
        shapes["\(name).attn.in_proj_bias"] = [3 * width]
        shapes["\(name).attn.out_proj.weight"] = [width, width]
        shapes["\(name).ln_1.weight"] = [width]
        shapes["\(name).mlp.c_fc.weight"] = [4 * width, width]
        shapes["\(name).mlp.c_proj.weight"] = [width, 4 * width]
    }

    /// The transformer's tensors as Hugging Face names them.
    var huggingFace: [String: [Int]] {
        guard let patch else { return [:] }
        let places = (resolution / patch) * (resolution / patch) + 1
        var shapes: [String: [Int]] = [
            "text_projection.weight": [embedding, textWidth], "visual_projection.weight": [embedding, width],
            "logit_scale": [],
            "text_model.embeddings.token_embedding.weight": [vocabulary, textWidth],
            "text_model.embeddings.position_embedding.weight": [context, textWidth],
            "text_model.embeddings.position_ids": [1, context],
            "text_model.final_layer_norm.weight": [textWidth], "text_model.final_layer_norm.bias": [textWidth],
            "vision_model.embeddings.class_embedding": [width],
            "vision_model.embeddings.patch_embedding.weight": [width, 3, patch, patch],
            "vision_model.embeddings.position_embedding.weight": [places, width],
            "vision_model.embeddings.position_ids": [1, places],
        ]
        let towers = [("text_model", 12, textWidth), ("vision_model", layers[0], width)]
        for (tower, count, width) in towers {
            for index in 0..<count {
                let name = "\(tower).encoder.layers.\(index)"
                for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                    shapes["\(name).self_attn.\(part).weight"] = [width, width]
                }
                for part in ["q_proj", "k_proj", "v_proj"] { shapes["\(name).self_attn.\(part).bias"] = [width] }
                shapes["\(name).layer_norm1.weight"] = [width]
                shapes["\(name).mlp.fc1.weight"] = [4 * width, width]
                shapes["\(name).mlp.fc2.weight"] = [width, 4 * width]
            }
        }
        return shapes
    }
}

@Suite struct CLIPRecognitionTests {
    private func clip(_ shapes: [String: [Int]]) throws -> (shape: CLIPShape, model: RecognizedModel) {
        let model = try RecognizedModel(shapes)
        guard case .clip(let shape) = model.architecture else { throw ModelFormatError.unsupported("is a VQGAN") }
        return (shape, model)
    }

    private func check(_ shape: CLIPShape, _ expected: CLIPShapes) {
        #expect(shape.openAIName == expected.name)
        #expect(shape.tower == (expected.patch == nil ? .resNet : .transformer))
        #expect(shape.embedding == expected.embedding)
        #expect(shape.resolution == expected.resolution)
        #expect(shape.width == expected.width)
        #expect(shape.layers == expected.layers)
        #expect(shape.heads == (expected.patch == nil ? expected.width / 2 : expected.width / 64))
        #expect(shape.textWidth == expected.textWidth)
        #expect(shape.textHeads == expected.textWidth / 64)
        #expect(shape.textLayers == 12)
    }

    @Test(arguments: CLIPShapes.all.indices) func openAIsNine(index: Int) throws {
        let expected = CLIPShapes.all[index]
        let (shape, model) = try clip(expected.openAI)
        check(shape, expected)
        #expect(model.layout == .openAI)
    }

    @Test(arguments: CLIPShapes.all.indices.suffix(4)) func huggingFaces(index: Int) throws {
        let expected = CLIPShapes.all[index]
        let (shape, model) = try clip(expected.huggingFace)
        check(shape, expected)
        #expect(model.layout == .huggingFace)
        // Every tensor of OpenAI's comes out with its shape.
        for (name, shape) in expected.openAI {
            let source = try #require(model.sources[name])
            #expect(source.shape { expected.huggingFace[$0] } == shape)
        }
        #expect(model.ignored.values.allSatisfy { $0 == .mask })
        let joined = model.sources["transformer.resblocks.3.attn.in_proj_weight"]
        let stem = "text_model.encoder.layers.3.self_attn"
        #expect(joined == .joined(["q_proj", "k_proj", "v_proj"].map { "\(stem).\($0).weight" }))
    }

    @Test func openCLIPsPrefixes() throws {
        var expected = CLIPShapes.all[5]
        (expected.vocabulary, expected.context) = (32_000, 64)
        let plain = expected.openAI
        let parallel = Dictionary(uniqueKeysWithValues: plain.map { ("module.\($0)", $1) })
        let (shape, model) = try clip(parallel)
        #expect(shape.vocabulary == 32_000)
        #expect(shape.contextLength == 64)
        #expect(shape.openAIName == nil)
        #expect(model.sources["visual.proj"] == .stored("module.visual.proj"))
        var custom: [String: [Int]] = [:]
        for (key, shape) in plain where key != "text_projection" {
            custom[key.hasPrefix("visual.") || key == "logit_scale" ? key : "text.\(key)"] = shape
        }
        custom["text.text_projection.weight"] = [512, 512]
        let (same, customModel) = try clip(custom)
        #expect(customModel.layout == .customText)
        #expect(same == shape)
        #expect(customModel.sources["text_projection"] == .transposed("text.text_projection.weight"))
    }

    @Test func largerHeadsOfOpenCLIP() throws {
        let huge = CLIPShapes("ViT-H/14", 1024, 224, [32], 1280, 14, 1024)
        #expect(try clip(huge.openAI).shape.heads == 16)
    }

    @Test func countersAndMasksAreIgnored() throws {
        var shapes = CLIPShapes.all[0].openAI
        shapes["input_resolution"] = []
        shapes["visual.bn1.num_batches_tracked"] = []
        shapes["attn_mask"] = [77, 77]
        #expect(try Set(clip(shapes).model.ignored.values) == [.size, .average, .mask])
    }

    @Test func halvesAndStrangersAreNamed() {
        let full = CLIPShapes.all[5]
        let cases: [(shapes: [String: [Int]], problem: String)] = [
            (full.openAI.filter { !$0.key.hasPrefix("visual.") }, "has only the text tower"),
            (full.huggingFace.filter { $0.key.hasPrefix("vision") }, "has only the image tower"),
            (
                full.openAI.filter { !$0.key.hasPrefix("visual.") }
                    .merging(["visual.trunk.stem.weight": [1]]) { $1 }, "neither a ViT nor a ModifiedResNet"
            ),
        ]
        for (shapes, problem) in cases {
            let error = #expect(throws: ModelFormatError.self) { try RecognizedModel(shapes) }
            #expect(error?.description.contains(problem) == true)
        }
    }
}

/// What lies beside a CLIP.
@Suite final class CLIPDescriptionTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "clip-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func description(_ json: String?, _ file: String = "config.json") throws -> CLIPDescription {
        if let json { try Data(json.utf8).write(to: folder.appending(path: file)) }
        guard case .clip(let shape) = try RecognizedModel(CLIPShapes.all[5].openAI).architecture else {
            throw ModelFormatError.unsupported("is a VQGAN")
        }
        return CLIPDescription(of: shape, in: folder, isOpenAIs: false)
    }

    @Test func withoutOneQuickGELUIsAssumed() throws {
        let description = try description(nil)
        #expect(description.imageActivation == .quickGelu)
        #expect(description.isAssumed)
    }

    @Test(arguments: [("quick_gelu", CLIPDescription.Activation.quickGelu), ("gelu", .gelu)])
    func huggingFaceSaysWhich(name: String, expected: CLIPDescription.Activation) throws {
        let description = try description(
            """
            {"projection_dim": 512, "text_config": {"hidden_act": "\(name)", "eos_token_id": 49407},
             "vision_config": {"hidden_act": "\(name)", "num_attention_heads": 8, "image_size": 224}}
            """
        )
        #expect(description.imageActivation == expected)
        #expect(description.textActivation == expected)
        #expect(!description.isAssumed)
        #expect(description.heads == 8)
        #expect(description.endOfText == 49_407)
        #expect(description.warnings.isEmpty)
    }

    @Test func openCLIPIsPlainUnlessItSaysSo() throws {
        let plain = try description(#"{"model_cfg": {"embed_dim": 512}}"#, "open_clip_config.json")
        #expect(plain.imageActivation == .gelu)
        let quick = try description(#"{"model_cfg": {"quick_gelu": true}}"#, "open_clip_config.json")
        #expect(quick.textActivation == .quickGelu)
        let symmetric = try description(
            #"{"model_cfg": {}, "preprocess_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}"#,
            "open_clip_config.json"
        )
        #expect(symmetric.isSymmetric)
    }

    @Test func contradictionsAreReported() throws {
        let description = try description(#"{"projection_dim": 768, "text_config": {"eos_token_id": 2}}"#)
        #expect(description.warnings == ["config.json says projection_dim 768, but the weights have 512, which counts"])
        #expect(description.endOfText == nil)
    }

    @Test func nonsenseIsSaid() throws {
        #expect(try description("[1]").warnings == ["config.json cannot be read and was ignored"])
    }
}

/// Weight files of a folder.
@Suite final class ModelFilesTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    @Test func likeliestComeFirst() throws {
        let names = ["notes.txt", "model.safetensors", "other.pt", "last.ckpt", "sketchbook.safetensors"]
        for name in names { try Data().write(to: folder.appending(path: name)) }
        let vqgans = ModelFiles.candidates(for: .vqgan, in: folder).map(\.lastPathComponent)
        #expect(vqgans == ["last.ckpt", "other.pt", "model.safetensors"])
        let clips = ModelFiles.candidates(for: .clip, in: folder).map(\.lastPathComponent)
        #expect(clips == ["model.safetensors", "other.pt", "last.ckpt"])
    }
}
