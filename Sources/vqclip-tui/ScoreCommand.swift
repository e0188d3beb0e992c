import ArgumentParser
import Core
import EngineKit
import Foundation
import Headless

/// `vqclip-tui score`: how near pictures are to texts.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Say how near pictures are to texts, as a CLIP sees them.",
        discussion: """
            The cosine of the angle between their features is 1 for the best match; the distance is what a run makes \
            smaller, 0 for the best match and 4.93 at most. The whole picture is looked at once, scaled and cropped \
            to the CLIP's square.

            EXAMPLES
              vqclip-tui score crown.png --text "a golden crown" "a forest"
              vqclip-tui score *.png --text "a lighthouse" --json | jq -c '[.cosine, .image]'
              vqclip-tui score crown.png --text "a crown" --clip "ViT-B-32.pt | RN50.pt"
            """
    )

    @Argument(help: "Pictures: PNG, JPEG or WebP.")
    var images: [String]

    @Option(name: [.long, .customLong("texts")], parsing: .upToNextOption, help: "Texts, each in quotation marks.")
    var text: [String]

    @Option(help: "CLIP: a model's name, folder or weight file, or several as in 'A | B'.")
    var clip: String?

    @OptionGroup var devices: DeviceOptions

    @Flag(help: "One JSON object a line: image, text, clip, cosine and distance.")
    var json = false

    func run() throws {
        try PartsOutput.reporting {
            let program = try Program(clip: clip, devices: devices)
            let device = try program.prepareDevice()
            let choices = try CLIPChoice.parse(program.models.clip)
            var rows: [Row] = []
            // One CLIP after the other, so that memory holds one.
            for choice in choices {
                for meter in try ModelParts.clips(choice.model, device: device) { rows += try self.rows(meter) }
            }
            print(rows, namesCLIPs: choices.count > 1)
        }
    }

    private struct Row: Encodable {
        let image: String
        let text: String
        let clip: String
        let cosine: Double
        let distance: Double
    }

    private func rows(_ meter: CLIPMeter) throws -> [Row] {
        PartsOutput.note(meter.notes(on: text))
        let words = try meter.features(ofTexts: text)
        let pictures = try meter.features(ofPictures: images)
        let nearness = try CLIPMeter.nearness(pictures, words)
        return zip(images, nearness).flatMap { image, row in
            zip(text, row).map { text, nearness in
                Row(
                    image: image,
                    text: text,
                    clip: meter.name,
                    cosine: nearness.cosine,
                    distance: nearness.distance
                )
            }
        }
    }

    private func print(_ rows: [Row], namesCLIPs: Bool) {
        var output = LineOutput.standardOutput
        guard !json else {
            for row in rows { output.line(PartsOutput.json(row)) }
            return
        }
        let width = rows.map(\.image.count).max() ?? 0
        func line(_ cosine: String, _ distance: String, _ image: String, _ text: String) -> String {
            "\(cosine)  \(distance)  \(image.padding(toLength: max(width, 5), withPad: " ", startingAt: 0))  \(text)"
        }
        output.line(line(" cosine", "distance", "image", "text"))
        for row in rows {
            let clip = namesCLIPs ? "  (\(row.clip))" : ""
            let distance = String(format: "%8.4f", row.distance)
            output.line(line(String(format: "%7.4f", row.cosine), distance, row.image, row.text + clip))
        }
    }
}
