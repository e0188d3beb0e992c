import Foundation
import Yams

/// Where the description beside a VQGAN contradicts its tensors, which count.
enum VQGANDescription {
    /// - Parameter file: a yaml file of taming-transformers.
    /// - Returns: one line for each contradiction.
    static func contradictions(of shape: VQGANShape, with file: URL) -> [String] {
        let name = file.lastPathComponent
        // Nothing in these files refers to another place, by which a small file could grow without bounds.
        guard let text = SideFile.text(file), !text.contains(/(^|[\s\[{,])&\w/),
            let document = try? Yams.load(yaml: text) as? [String: Any]
        else {
            return ["\(name) cannot be read and was ignored"]
        }
        guard let model = document["model"] as? [String: Any] else { return [] }
        // A Net2Net describes its first stage within its own parameters.
        let outer = model["params"] as? [String: Any] ?? [:]
        let stage = outer["first_stage_config"] as? [String: Any] ?? model
        let parameters = stage["params"] as? [String: Any] ?? [:]
        let networks = parameters["ddconfig"] as? [String: Any] ?? [:]
        var lines = Lines(name: name)
        lines.compare("n_embed", parameters["n_embed"] as? Int, shape.codes)
        lines.compare("embed_dim", parameters["embed_dim"] as? Int, shape.codeWidth)
        lines.compare("z_channels", networks["z_channels"] as? Int, shape.zChannels)
        lines.compare("num_res_blocks", networks["num_res_blocks"] as? Int, shape.blocks)
        if shape.hasEncoder { lines.compare("double_z", networks["double_z"] as? Bool, shape.doubleZ) }
        if let channels = networks["ch"] as? Int, let multipliers = networks["ch_mult"] as? [Int] {
            lines.compare(
                "channels per level",
                multipliers.map { $0.multipliedReportingOverflow(by: channels).partialValue },
                shape.multipliers.map { $0 * shape.channels }
            )
            if let resolution = networks["resolution"] as? Int, let attention = networks["attn_resolutions"] as? [Int] {
                let levels = multipliers.indices.filter { attention.contains(resolution >> $0) }
                lines.compare("levels with attention", levels, shape.attentionLevels)
            }
        }
        if let target = stage["target"] as? String {
            lines.compare("a GumbelVQ", target.hasSuffix("GumbelVQ"), shape.isGumbel)
        }
        return lines.lines
    }
}

/// Collects what a description says otherwise than the tensors do.
struct Lines {
    let name: String
    private(set) var lines: [String] = []

    init(name: String) { self.name = name }

    mutating func compare<Value: Equatable>(_ what: String, _ said: Value?, _ actual: Value) {
        guard let said, said != actual else { return }
        lines.append("\(name) says \(what) \(said), but the weights have \(actual), which counts")
    }
}

/// A small text file beside the weights.
enum SideFile {
    private static let limit = 1 << 20

    /// - Returns: `nil` when it is not there, not a regular file, too large, or not UTF-8.
    static func text(_ file: URL) -> String? {
        guard
            let values = try? file.resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey]),
            values.isRegularFile == true, (values.fileSize ?? .max) <= limit, let data = try? Data(contentsOf: file)
        else { return nil }
        return String(data: data, encoding: .utf8)
    }

    static func exists(_ file: URL) -> Bool { FileManager.default.fileExists(atPath: file.path) }
}
