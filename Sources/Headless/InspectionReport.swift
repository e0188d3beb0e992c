import Foundation
public import ModelFormats
import WeightFiles

/// What `inspect` prints of a weight file.
public struct InspectionReport: Sendable {
    private let inspection: Inspection

    public init(_ inspection: Inspection) { self.inspection = inspection }

    /// One JSON object.
    public var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // The values are texts, numbers and lists, which can always be written.
        return (try? encoder.encode(inspection)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// The path, then indented lines of a label and a text.
    public var lines: [String] {
        [inspection.path] + rows.map { "  " + $0.label.padding(toLength: 12, withPad: " ", startingAt: 0) + $0.text }
    }

    private var rows: [(label: String, text: String)] {
        var rows = [("kind", kind), ("format", "\(format), \(Self.bytes(inspection.bytes.file))")]
        if let vqgan = inspection.vqgan { rows += Self.rows(of: vqgan) }
        if let clip = inspection.clip { rows += Self.rows(of: clip, activation: inspection.activation) }
        if inspection.kind != nil { rows.append(("parameters", parameters)) }
        rows += Self.labelled("ignored", inspection.ignored.map(Self.text))
        rows += Self.labelled("stand-ins", inspection.standIns)
        rows += Self.labelled("stored", inspection.metadata.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
        rows += Self.labelled("note", inspection.warnings)
        return rows
    }

    /// The label stands before the first text only.
    private static func labelled(_ label: String, _ texts: [String]) -> [(String, String)] {
        texts.enumerated().map { ($0.offset == 0 ? label : "", $0.element) }
    }

    private var kind: String {
        switch inspection.kind {
        case .vqgan: "a VQGAN: \(inspection.layout ?? "")"
        case .clip: "a CLIP" + (inspection.name.map { " like \($0)" } ?? "") + ": \(inspection.layout ?? "")"
        case nil: "no model: it \(inspection.problem ?? "")"
        }
    }

    private var format: String {
        switch inspection.format {
        case .safetensors: "safetensors"
        case .torchZip: "zip archive of torch.save"
        case .torchScript: "TorchScript archive"
        case .torchLegacy: "stream of torch.save before PyTorch 1.6"
        }
    }

    private var parameters: String {
        let sizes = "\(inspection.types.joined(separator: " and ")), \(Self.bytes(inspection.bytes.useful))"
        let decoder = inspection.bytes.decoder.map { "; \(Self.bytes($0)) where no picture is encoded" } ?? ""
        return "\(inspection.parameters) in \(sizes)\(decoder)"
    }

    private static func text(_ ignored: Inspection.Ignored) -> String {
        let count = ignored.tensors == 1 ? "1 tensor" : "\(ignored.tensors) tensors"
        return ignored.tensors == 0 ? ignored.what : "\(ignored.what): \(count), \(bytes(ignored.bytes))"
    }

    private static func rows(of vqgan: VQGANShape) -> [(String, String)] {
        let levels = vqgan.multipliers.map { String($0 * vqgan.channels) }.joined(separator: " ")
        let attention = vqgan.attentionLevels.map(String.init).joined(separator: ", ")
        var places = attention.isEmpty ? [] : ["at level \(attention)"]
        if vqgan.hasMiddleAttention { places.append("in the middle") }
        let encoder = vqgan.hasEncoder ? "" : "; no encoder, so pictures cannot be encoded"
        return [
            ("codebook", "\(vqgan.codes) codes of width \(vqgan.codeWidth), f=\(vqgan.cellSize)"),
            (
                "networks",
                "channels \(levels), \(vqgan.blocks) blocks a level, "
                    + (places.isEmpty ? "no attention" : "attention \(places.joined(separator: " and "))") + encoder
            ),
        ]
    }

    private static func rows(of clip: CLIPShape, activation: String?) -> [(String, String)] {
        let layers = clip.layers.map(String.init).joined(separator: "-")
        let tower =
            switch clip.tower {
            case .transformer: "ViT of \(layers) layers, width \(clip.width), patches of \(clip.patchSize ?? 0) px"
            case .resNet: "ModifiedResNet \(layers), width \(clip.width)"
            case .convnet: "convolutions \(layers), width \(clip.width)"
            }
        let gelu = activation == "gelu" ? ", GELU" : ", QuickGELU"
        return [
            ("pictures", "\(clip.resolution) px, \(tower)"),
            (
                "texts",
                "\(clip.contextLength) tokens of \(clip.vocabulary), "
                    + "\(clip.textLayers) layers, width \(clip.textWidth)"
            ),
            ("embedding", "\(clip.embedding) wide\(clip.tower == .convnet ? "" : gelu)"),
        ]
    }

    /// Such as 980.1 MB.
    private static func bytes(_ count: Int) -> String {
        let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")]
        guard let (size, unit) = units.first(where: { count >= $0.0 }) else { return "\(count) bytes" }
        let digits = count >= 100 * size ? 0 : count >= 10 * size ? 1 : 2
        return "\(Figures.rounded(Double(count) / Double(size), digits: digits)) \(unit)"
    }
}
