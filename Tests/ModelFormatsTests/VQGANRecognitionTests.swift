import Foundation
import Testing

@testable import ModelFormats

/// The names and shapes of a taming-transformers checkpoint, made from a configuration as taming builds its layers.
struct TamingShapes {
    var f = 16
    var multipliers = [1, 1, 2, 2, 4]
    var attention = [4]
    var codes = 1024
    var isGumbel = false
    var shapes: [String: [Int]] = [:]

    init(_ change: (inout TamingShapes) -> Void = { _ in }) {
        change(&self)
        let widths = multipliers.map { $0 * 128 }
        convolution("encoder.conv_in", 3, 128, 3)
        var width = 128
        for (level, next) in widths.enumerated() {
            blocks("encoder.down.\(level)", &width, next, count: 2, attends: attention.contains(level))
            if level < widths.count - 1 { convolution("encoder.down.\(level).downsample.conv", width, width, 3) }
        }
        middle("encoder.mid", width)
        norm("encoder.norm_out", width)
        convolution("encoder.conv_out", width, 256, 3)
        convolution("decoder.conv_in", 256, width, 3)
        middle("decoder.mid", width)
        for (level, next) in widths.enumerated().reversed() {
            blocks("decoder.up.\(level)", &width, next, count: 3, attends: attention.contains(level))
            if level > 0 { convolution("decoder.up.\(level).upsample.conv", width, width, 3) }
        }
        norm("decoder.norm_out", width)
        convolution("decoder.conv_out", width, 3, 3)
        convolution("quant_conv", 256, 256, 1)
        convolution("post_quant_conv", 256, 256, 1)
        shapes["quantize.\(isGumbel ? "embed" : "embedding").weight"] = [codes, 256]
        if isGumbel { convolution("quantize.proj", 256, codes, 1) }
    }

    private mutating func convolution(_ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int) {
        shapes[name + ".weight"] = [outputs, inputs, kernel, kernel]
        shapes[name + ".bias"] = [outputs]
    }

    private mutating func norm(_ name: String, _ width: Int) {
        shapes[name + ".weight"] = [width]
        shapes[name + ".bias"] = [width]
    }

    private mutating func block(_ name: String, _ inputs: Int, _ outputs: Int) {
        norm(name + ".norm1", inputs)
        convolution(name + ".conv1", inputs, outputs, 3)
        norm(name + ".norm2", outputs)
        convolution(name + ".conv2", outputs, outputs, 3)
        if inputs != outputs { convolution(name + ".nin_shortcut", inputs, outputs, 1) }
    }

    private mutating func attention(_ name: String, _ width: Int) {
        norm(name + ".norm", width)
        for part in ["q", "k", "v", "proj_out"] { convolution("\(name).\(part)", width, width, 1) }
    }

    private mutating func blocks(_ name: String, _ width: inout Int, _ next: Int, count: Int, attends: Bool) {
        for index in 0..<count {
            block("\(name).block.\(index)", width, next)
            width = next
            if attends { attention("\(name).attn.\(index)", next) }
        }
    }

    private mutating func middle(_ name: String, _ width: Int) {
        block(name + ".block_1", width, width)
        attention(name + ".attn_1", width)
        block(name + ".block_2", width, width)
    }

    var parameters: Int { shapes.values.reduce(0) { $0 + $1.reduce(1, *) } }
}

@Suite struct VQGANRecognitionTests {
    private func vqgan(_ shapes: [String: [Int]]) throws -> (shape: VQGANShape, model: RecognizedModel) {
        let model = try RecognizedModel(shapes)
        guard case .vqgan(let shape) = model.architecture else {
            throw ModelFormatError.unsupported("is a CLIP")
        }
        return (shape, model)
    }

    /// The public checkpoints; their numbers of parameters are known.
    @Test(arguments: [
        (codes: 1024, parameters: 72_141_699), (codes: 8192, parameters: 73_976_707),
        (codes: 16_384, parameters: 76_073_859),
    ])
    func checkpointsOfF16(codes: Int, parameters: Int) throws {
        let checkpoint = TamingShapes { $0.codes = codes }
        #expect(checkpoint.parameters == parameters)
        let (shape, model) = try vqgan(checkpoint.shapes)
        #expect(model.layout == .vqModel)
        #expect(shape.codes == codes)
        #expect(shape.codeWidth == 256)
        #expect(shape.zChannels == 256)
        #expect(shape.channels == 128)
        #expect(shape.multipliers == [1, 1, 2, 2, 4])
        #expect(shape.blocks == 2)
        #expect(shape.attentionLevels == [4])
        #expect(shape.hasMiddleAttention)
        #expect(!shape.doubleZ)
        #expect(!shape.isGumbel)
        #expect(shape.cellSize == 16)
        #expect(shape.hasEncoder)
    }

    @Test func gumbelOfOpenImages() throws {
        let checkpoint = TamingShapes {
            $0.multipliers = [1, 1, 2, 4]
            $0.attention = [3]
            $0.codes = 8192
            $0.isGumbel = true
        }
        let (shape, model) = try vqgan(checkpoint.shapes)
        #expect(model.layout == .gumbelVQ)
        #expect(shape.isGumbel)
        #expect(shape.cellSize == 8)
        #expect(shape.attentionLevels == [3])
        #expect(shape.codes == 8192)
        #expect(model.sources["quantize.proj.bias"] == .stored("quantize.proj.bias"))
        #expect(model.isOfEncoder("quantize.proj.bias"))
    }

    /// S-FLCKR's condition is a VQGAN too; the first stage is what paints.
    @Test func transformersWithTheirStages() throws {
        var shapes: [String: [Int]] = [:]
        for (key, shape) in TamingShapes().shapes {
            shapes["first_stage_model.\(key)"] = shape
            shapes["cond_stage_model.\(key)"] = shape
        }
        shapes["first_stage_model.loss.discriminator.main.0.weight"] = [64, 3, 4, 4]
        shapes["transformer.blocks.0.attn.mask"] = [1, 1, 512, 512]
        shapes["transformer.head.weight"] = [1024, 1024]
        let (shape, model) = try vqgan(shapes)
        #expect(model.layout == .net2Net)
        #expect(model.prefix == "first_stage_model.")
        #expect(shape.codes == 1024)
        #expect(model.sources["decoder.conv_in.weight"] == .stored("first_stage_model.decoder.conv_in.weight"))
        #expect(model.sources.count == TamingShapes().shapes.count)
        #expect(model.ignored["cond_stage_model.decoder.conv_in.weight"] == .condition)
        #expect(model.ignored["transformer.head.weight"] == .transformer)
        #expect(model.ignored["first_stage_model.loss.discriminator.main.0.weight"] == .loss)
    }

    @Test func whatTrainingLeavesIsIgnored() throws {
        var shapes = TamingShapes().shapes
        shapes["loss.perceptual_loss.lin0.model.1.weight"] = [1, 64, 1, 1]
        shapes["quantize.ema_cluster_size"] = [1024]
        shapes["colorize"] = [3, 10, 1, 1]
        let model = try vqgan(shapes).model
        #expect(model.ignored.count == 3)
        #expect(model.sources.count == TamingShapes().shapes.count)
    }

    @Test func decoderAloneIsEnough() throws {
        let shapes = TamingShapes().shapes.filter { !VQGANKeys.isOfEncoder($0.key) }
        let shape = try vqgan(shapes).shape
        #expect(!shape.hasEncoder)
        #expect(shape.multipliers == [1, 1, 2, 2, 4])
        #expect(shape.channels == 128)
    }

    @Test func withoutACodebookItIsNone() {
        var shapes = TamingShapes().shapes
        shapes["quantize.embedding.weight"] = nil
        let error = #expect(throws: ModelFormatError.self) { try RecognizedModel(shapes) }
        #expect(error == .missing("quantize.embedding.weight"))
    }

    @Test(arguments: [[0, 3, 3, 3], [512], [4, 128, 3, 3]]) func impossibleShapesAreRefused(shape: [Int]) {
        var shapes = TamingShapes().shapes
        shapes["decoder.conv_out.weight"] = shape
        #expect(throws: ModelFormatError.self) { try RecognizedModel(shapes) }
    }

    @Test func otherFilesAreDescribed() {
        let cases: [(shapes: [String: [Int]], problem: String)] = [
            ([:], "has no tensors"), (["a.weight": [1]], "neither a VQGAN nor a CLIP"),
            (["encoder.conv_in.weight": [1, 1, 1, 1]], "has no decoder"),
        ]
        for (shapes, problem) in cases {
            let error = #expect(throws: ModelFormatError.self) { try RecognizedModel(shapes) }
            #expect(error?.description.contains(problem) == true)
        }
    }
}

/// A yaml file beside a VQGAN.
@Suite final class VQGANDescriptionTests {
    private let file = FileManager.default.temporaryDirectory.appending(path: "vqgan-\(UUID().uuidString).yaml")

    deinit { try? FileManager.default.removeItem(at: file) }

    private func contradictions(_ yaml: String) throws -> [String] {
        try Data(yaml.utf8).write(to: file)
        guard case .vqgan(let shape) = try RecognizedModel(TamingShapes().shapes).architecture else { return [] }
        return VQGANDescription.contradictions(of: shape, with: file)
    }

    private static let true1024 = """
        model:
          target: taming.models.vqgan.VQModel
          params:
            embed_dim: 256
            n_embed: 1024
            ddconfig:
              double_z: false
              z_channels: 256
              resolution: 256
              ch: 128
              ch_mult: [1, 1, 2, 2, 4]
              num_res_blocks: 2
              attn_resolutions: [16]
        """

    @Test func truthIsNotReported() throws {
        #expect(try contradictions(Self.true1024) == [])
    }

    @Test(arguments: [
        ("n_embed: 1024", "n_embed: 16384", "says n_embed 16384, but the weights have 1024"),
        ("VQModel", "GumbelVQ", "says a GumbelVQ true, but the weights have false"),
        ("[16]", "[32]", "says levels with attention [3], but the weights have [4]"),
        ("[1, 1, 2, 2, 4]", "[1, 1, 2, 4]", "says channels per level [128, 128, 256, 512], but"),
    ])
    func contradictionsAre(from: String, to: String, said: String) throws {
        let lines = try contradictions(Self.true1024.replacing(from, with: to))
        #expect(lines.contains { $0.contains(said) })
    }

    @Test func firstStagesAreFound() throws {
        let inner = Self.true1024.replacing("model:", with: "first_stage_config:").replacing("1024", with: "48")
            .split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        let yaml = "model:\n  target: taming.models.cond_transformer.Net2NetTransformer\n  params:\n" + inner
        let lines = try contradictions(yaml)
        #expect(lines.count == 1)
        #expect(lines.first?.contains("says n_embed 48") == true)
    }

    @Test(arguments: [
        "a: [", "- 1", "", "a: &a [1]\nb: &b [*a, *a]\nmodel: *b", String(repeating: "[", count: 100_000),
        String(repeating: "{a: ", count: 100_000), String(repeating: "- ", count: 100_000),
    ])
    func nonsenseIsSaid(yaml: String) throws {
        let lines = try contradictions(yaml)
        #expect(lines.count == 1)
        #expect(lines.first?.hasSuffix("cannot be read and was ignored") == true)
    }
}
