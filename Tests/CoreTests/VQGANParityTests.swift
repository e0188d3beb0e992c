import Testing
import Torch

@testable import Core

/// Small VQGANs of taming's two kinds against what PyTorch computed, attention, clipping and gradients included.
@Suite(.serialized, .leavesNothingAlive) struct VQGANParityTests {
    private static let names = ["vqgan", "gumbel"]

    private struct Case {
        let name: String
        let vqgan: VQGAN
        let expected: FileStateDict

        init(_ name: String) throws {
            self.name = name
            expected = try Fixtures.open("\(name).expected.safetensors")
            let w = Weights(try Fixtures.open("\(name).safetensors"))
            vqgan = try VQGAN(w, configuration: VQGANConfiguration(inferredFrom: w))
            try w.finish()
        }

        func check(_ ours: Tensor, _ key: String) throws {
            let error = try relativeError(ours, expected.tensor(key))
            #expect(error <= 1e-4)
        }
    }

    @Test(arguments: names) func picturesAreEncodedAlike(name: String) throws {
        let fixture = try Case(name)
        let image = try fixture.expected.tensor("image")
        let encoded = try fixture.vqgan.encoderOutput(image)
        try fixture.check(encoded, "encoded")
        let codes = try fixture.vqgan.codes(ofEncoded: encoded)
        #expect(try codes.integers() == fixture.expected.tensor("indices").integers())
        let quantized = try fixture.vqgan.embed(codes: codes)
        try fixture.check(quantized, "quantized")
        try fixture.check(try fixture.vqgan.decode(quantized), "reconstruction")
        try fixture.check(try fixture.vqgan.encode(image), name == "gumbel" ? "quantized" : "encoded")
    }

    @Test(arguments: names) func picturesOfALatentAndTheirGradientsAreAlike(name: String) throws {
        let fixture = try Case(name)
        let z = try fixture.expected.tensor("z").requiringGradient()
        let picture = try fixture.vqgan.picture(z)
        try fixture.check(picture, "synth")
        try (picture * fixture.expected.tensor("cotangent")).sum().backward()
        try fixture.check(try #require(try z.gradient()), "grad_z")
    }

    @Test(arguments: names) func rangesOfTheCodebookAreAlike(name: String) throws {
        let fixture = try Case(name)
        #expect(try fixture.vqgan.codebookMinimum.floats() == fixture.expected.tensor("z_min").floats())
        #expect(try fixture.vqgan.codebookMaximum.floats() == fixture.expected.tensor("z_max").floats())
    }
}
