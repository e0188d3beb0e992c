import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless

/// `vqclip-tui decode`: the picture of codes, of a latent or of a run's checkpoint.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Make a picture of codes, of a latent or of a run's checkpoint.",
        discussion: """
            Takes indices, tokens or codes [h, w]; latent, z or encoded [width, h, w], which go through the nearest \
            codes; or quantized, which does not. The VQGAN is that of the file's metadata or of the checkpoint, \
            unless you name another.

            EXAMPLES
              vqclip-tui decode photo.safetensors -o photo.png
              vqclip-tui decode step-000120.checkpoint -o step-000120.png
              vqclip-tui decode latents.safetensors --entry 3 --vqgan wikiart -o fourth.png
            """
    )

    @Argument(help: "A safetensors file.")
    var file: String

    @Option(name: [.short, .long], help: "The PNG to write; an existing one is replaced.")
    var output: String

    @Option(help: "Which picture, from 0, of a file with several.")
    var entry: Int?

    @Option(help: "VQGAN: a model's name, folder or weight file.")
    var vqgan: String?

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "Print a JSON object: path, width, height and vqgan.")
    var json = false

    func validate() throws {
        try OutputFile.check(output)
        if let entry, entry < 0 { throw ValidationError("--entry takes 0 or more.") }
    }

    func run() throws {
        try PartsOutput.reporting {
            let program = try Program(vqgan: vqgan, devices: devices)
            let device = try program.prepareDevice()
            let stored = try StoredPicture(path: file, entry: entry)
            let name = vqgan ?? stored.vqgan ?? program.models.vqgan
            let coder = try ModelParts.vqgan(name, device: device)
            let size = try VQGANCoder.write(stored.picture(coder), to: output)
            var out = LineOutput.standardOutput
            if json {
                let report = Report(path: output, width: size.width, height: size.height, vqgan: name)
                out.line(PartsOutput.json(report))
            } else {
                out.line("saved   \(output): \(size), decoded by \(name)")
            }
        }
    }

    private struct Report: Encodable {
        let path: String
        let width: Int
        let height: Int
        let vqgan: String
    }
}
