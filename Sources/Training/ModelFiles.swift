import Foundation
import Torch

/// The files of a model as they lie in its folder.
enum ModelFiles {
    /// `name.safetensors` in float16 with the description inside, and the description once more as `name.json`.
    /// - Parameter tensors: by the keys of the weight file.
    static func weights(
        _ name: String,
        _ tensors: [String: Tensor],
        _ configuration: some Encodable
    ) throws -> [ModelFile] {
        let json = try description(configuration, pretty: false)
        let small = try tensors.mapValues { try $0.detached().contiguous().converted(to: .float16) }
        let bytes = try Safetensors.encode(small, metadata: ["config": String(decoding: json, as: UTF8.self)])
        return [
            ModelFile(name: "\(name).safetensors", bytes: bytes),
            ModelFile(name: "\(name).json", bytes: Array(try description(configuration, pretty: true))),
        ]
    }

    private static func description(_ value: some Encodable, pretty: Bool) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted] : [.sortedKeys]
        return try encoder.encode(value) + (pretty ? Data("\n".utf8) : Data())
    }

    /// The model card.
    /// - Parameter measures: the last ones taken.
    static func card(
        _ options: TrainingOptions,
        summary: String,
        data: DataSummary,
        steps: Int,
        seconds: Double,
        measures: [(name: String, value: Double)]
    ) -> ModelFile {
        let what = options.kind == .vqgan ? "A VQGAN" : "A CLIP"
        let start = options.initial.map { "going on from \($0)" } ?? "from random parameters (preset \(options.preset))"
        let held = data.holdsOut ? "held-out pictures" : "pictures that it was trained on"
        let results = measures.map { "| \($0.name) | \(TrainingFigures.measure($0.value)) |" }.joined(separator: "\n")
        let option = options.kind.rawValue
        let text = """
            # \(what) trained with vqclip-tui

            \(summary).

            - Data: \(data.line), from `\((options.data as NSString).lastPathComponent)`.
            - Training: \(steps) steps of \(options.batch) pictures of \(options.size) × \(options.size) pixels, \
            \(start), learning rate \(options.rate), seed \(options.seed), \(Int(seconds / 60)) minutes.

            Measured on \(data.measured) \(held):

            | measure | value |
            |---|---|
            \(results)

            Weights are float16 under the usual keys. To paint with it: `vqclip-tui --\(option) THIS_FOLDER`. What it \
            knows, and whose pictures it may resemble, follows from the pictures it was trained on.

            """
        return ModelFile(name: "README.md", bytes: Array(text.utf8))
    }
}

/// Numbers as people read them.
public enum TrainingFigures {
    /// A loss or a measure.
    public static func measure(_ value: Double) -> String {
        abs(value) >= 100 || value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.3f", value)
    }
}
