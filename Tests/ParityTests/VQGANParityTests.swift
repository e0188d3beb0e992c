import Foundation
import ModelFormats
import Testing
import Torch

@testable import Core

/// Checkpoints of taming's three kinds, read from PyTorch's own files, against what PyTorch computed with them.
@Suite(.serialized) struct VQGANParityTests {
    @Test(arguments: ["vqgan", "gumbel", "net2net"]) func everyTensorIsAlike(name: String) throws {
        let vqgan = try ParityFixtures.vqgan("\(name).ckpt")
        let expected = Comparison(name, try ParityFixtures.expected(name))
        let image = try expected.given("image")
        let encoded = try vqgan.encoderOutput(image)
        try expected.check(encoded, "encoded")
        let codes = try vqgan.codes(ofEncoded: encoded)
        #expect(try codes.integers() == expected.given("indices").integers())
        let quantized = try vqgan.embed(codes: codes)
        try expected.check(quantized, "quantized")
        try expected.check(try vqgan.decode(quantized), "reconstruction")
        let isGumbel = name == "gumbel"
        #expect(try relativeError(vqgan.encode(image), isGumbel ? quantized : encoded) == 0)

        let z = try expected.given("z").requiringGradient()
        let picture = try vqgan.picture(z)
        try expected.check(picture, "synth")
        try (picture * expected.given("cotangent")).sum().backward()
        try expected.check(try #require(try z.gradient()), "grad_z")
        #expect(try vqgan.codebookMinimum.floats() == expected.given("z_min").floats())
        #expect(try vqgan.codebookMaximum.floats() == expected.given("z_max").floats())
        expected.finish()
    }

    @Test(arguments: ["vqgan", "gumbel", "net2net"]) func descriptionBesideIsTrue(name: String) throws {
        let source = try ModelSource(.vqgan, in: ParityFixtures.model("\(name).ckpt"))
        #expect(FileManager.default.fileExists(atPath: ParityFixtures.folder.appending(path: "\(name).yaml").path))
        #expect(source.warnings == [])
        let layouts: [String: RecognizedModel.Layout] = ["vqgan": .vqModel, "gumbel": .gumbelVQ, "net2net": .net2Net]
        #expect(source.model.layout == layouts[name])
    }
}
