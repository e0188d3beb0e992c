import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless
import Torch

/// `vqclip-tui embed`: CLIP's features of texts and pictures.
struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Write CLIP's features of texts and pictures to a safetensors file.",
        discussion: """
            The file holds text_features and image_features, a row of float32 for each, of length 1 unless --raw is \
            given. Its metadata holds the CLIP's name and the texts and paths as JSON.

            EXAMPLES
              vqclip-tui embed --text "a forest" "a city at night" -o words.safetensors
              vqclip-tui embed --image *.png --clip ViT-B-32.pt --raw -o pictures.safetensors
            """
    )

    @Option(name: [.long, .customLong("texts")], parsing: .upToNextOption, help: "Texts, each in quotation marks.")
    var text: [String] = []

    @Option(name: [.long, .customLong("images")], parsing: .upToNextOption, help: "Pictures: PNG, JPEG or WebP.")
    var image: [String] = []

    @Option(name: [.short, .long], help: "The safetensors file to write; an existing one is replaced.")
    var output: String

    @Flag(help: "Features as they come, not of length 1.")
    var raw = false

    @Option(help: "CLIP: a model's name, folder or weight file.")
    var clip: String?

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "Print a JSON object: path, clip, width, texts and images.")
    var json = false

    func validate() throws {
        if text.isEmpty, image.isEmpty {
            throw ValidationError("There is nothing to embed. Name texts with --text, pictures with --image.")
        }
        try OutputFile.check(output)
    }

    func run() throws {
        try PartsOutput.reporting {
            let program = try Program(clip: clip, devices: devices)
            let meters = try ModelParts.clips(program.models.clip, device: program.prepareDevice())
            guard let meter = meters.first, meters.count == 1 else {
                throw EngineFailure(.model, "embed takes one CLIP, not \(meters.count)", hint: "call it for each")
            }
            PartsOutput.note(meter.notes(on: text))
            var features = [
                "text_features": try meter.features(ofTexts: text),
                "image_features": try meter.features(ofPictures: image),
            ].filter { $0.value.count > 0 }
            if !raw { features = try features.mapValues { try $0.normalized() } }
            let metadata = [
                "clip": meter.name, "texts": TensorFile.list(text), "images": TensorFile.list(image),
                "normalized": String(!raw),
            ]
            try TensorFile.write(features, metadata: metadata, to: output)
            report(meter)
        }
    }

    private struct Report: Encodable {
        let path: String
        let clip: String
        let width: Int
        let texts: [String]
        let images: [String]
    }

    private func report(_ meter: CLIPMeter) {
        var out = LineOutput.standardOutput
        if json {
            let report = Report(path: output, clip: meter.name, width: meter.width, texts: text, images: image)
            out.line(PartsOutput.json(report))
        } else {
            let counts =
                "\(text.count) \(text.count == 1 ? "text" : "texts")"
                + " and \(image.count) \(image.count == 1 ? "picture" : "pictures")"
            out.line("saved   \(output): features of \(counts), \(meter.width) numbers each")
        }
    }
}
