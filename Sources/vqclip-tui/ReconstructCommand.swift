import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless
import Torch

/// `vqclip-tui reconstruct`: what a VQGAN keeps of a picture.
struct ReconstructCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconstruct",
        abstract: "Send a picture through a VQGAN: encode it, look its codes up, decode them.",
        discussion: """
            Says how much is lost: the peak signal-to-noise ratio in decibels, where more is better, and how many \
            different codes are in use.

            EXAMPLES
              vqclip-tui reconstruct photo.jpg -o again.png
              vqclip-tui reconstruct photo.jpg --size 256x256 --tokens-out photo.safetensors -o again.png
              vqclip-tui decode photo.safetensors -o again.png
            """
    )

    @Argument(help: "A picture: PNG, JPEG or WebP.")
    var image: String

    @Option(name: [.short, .long], help: "The PNG to write; an existing one is replaced.")
    var output: String

    @Option(help: ArgumentHelp("Also write the codes, as indices [1, h, w], and the latent z.", valueName: "file"))
    var tokensOut: String?

    @Option(help: "WIDTHxHEIGHT, rounded down to whole cells; by default the picture's own, up to 512 pixels.")
    var size: String?

    @Option(help: "VQGAN: a model's name, folder or weight file.")
    var vqgan: String?

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "Print a JSON object: path, width, height, psnr, codes, codebook and tokens_path.")
    var json = false

    func validate() throws {
        try OutputFile.check(output)
        if let tokensOut { try OutputFile.check(tokensOut) }
        _ = try askedSize()
    }

    private func askedSize() throws -> PictureSize? {
        guard let size else { return nil }
        var settings = RunSettings()
        do {
            try settings.set(.size, to: size)
        } catch {
            throw ValidationError("--size: \(error.message)")
        }
        return settings.size
    }

    func run() throws {
        let asked = try askedSize()
        try PartsOutput.reporting {
            let program = try Program(vqgan: vqgan, devices: devices)
            let coder = try ModelParts.vqgan(program.models.vqgan, device: program.prepareDevice())
            let result = try coder.reconstruct(image, size: coder.size(for: image, asked: asked))
            let size = try VQGANCoder.write(result.picture, to: output)
            if let tokensOut {
                try TensorFile.write(
                    ["indices": result.codes, "z": result.latent],
                    metadata: ["vqgan": coder.name, "size": "\(size)", "image": image],
                    to: tokensOut
                )
            }
            report(result, size, coder)
        }
    }

    private struct Report: Encodable {
        let path: String
        let width: Int
        let height: Int
        let psnr: Double
        let codes: Int
        let codebook: Int
        let tokensPath: String?

        private enum CodingKeys: String, CodingKey {
            case path, width, height, psnr, codes, codebook
            case tokensPath = "tokens_path"
        }
    }

    private func report(_ result: VQGANCoder.Reconstruction, _ size: PictureSize, _ coder: VQGANCoder) {
        var out = LineOutput.standardOutput
        if json {
            let report = Report(
                path: output,
                width: size.width,
                height: size.height,
                psnr: result.psnr,
                codes: result.codesInUse,
                codebook: coder.codebookSize,
                tokensPath: tokensOut
            )
            out.line(PartsOutput.json(report))
        } else {
            out.line("saved   \(output)")
            if let tokensOut { out.line("saved   \(tokensOut)") }
            let codes = "\(result.codesInUse) of \(coder.codebookSize) codes for \(result.codes.count) cells"
            out.line("done    \(size), \(String(format: "%.2f", result.psnr)) dB, \(codes)")
        }
    }
}
