import EngineKit
import Foundation
public import ModelLibrary

/// The models on this machine and those that can be pulled, as lines.
public struct ModelListing {
    /// One model as a JSON object.
    public struct Entry: Encodable {
        public let name: String
        public let installed: Bool
        public let builtIn: Bool
        public let kinds: [String]
        public let paints: String?
        public let architecture: String?
        public let path: String?
        /// What it takes on this machine.
        public let bytes: Int64?
        public let downloadBytes: Int64?
        /// About the same, where the exact size is not known.
        public let approximateBytes: Int64?
        public let importedBytes: Int64?
        public let sources: [String]
        public let sha256: String?
        public let parts: [ModelPart]

        public init(installed: InstalledModel?, known: KnownModel?) {
            name = installed?.name ?? known?.name ?? ""
            self.installed = installed != nil
            builtIn = installed?.isBuiltIn ?? false
            kinds = (installed?.kinds ?? known.map { [$0.kind] } ?? []).map(\.rawValue)
            paints = known?.paints
            architecture = known?.architecture ?? installed?.parts.compactMap { $0.provenance?.architecture }.first
            path = installed?.folder.path
            bytes = installed?.bytes
            downloadBytes = known?.downloadBytes
            approximateBytes = known?.approximateBytes
            importedBytes = known?.importedBytes
            sources = known?.files.first?.sources.map(\.url) ?? []
            sha256 = known?.files.first?.sources.lazy.compactMap(\.sha256).first
            parts = installed?.parts ?? []
        }

        /// Of the download: `4.26 GB`, `~958 MB` or `?`.
        var size: String {
            downloadBytes.map(ByteText.size) ?? approximateBytes.map { "~" + ByteText.size($0) } ?? "?"
        }

        /// Such as `VQGAN + CLIP`.
        var title: String { kinds.map { $0.uppercased() }.joined(separator: " + ") }
    }

    public let entries: [Entry]

    public init(_ library: ModelLibrary) {
        let installed = library.installed()
        let names = Set(installed.map(\.name))
        entries =
            installed.map { Entry(installed: $0, known: library.catalogue[$0.name]) }
            + library.catalogue.models.filter { !names.contains($0.name) }.map { Entry(installed: nil, known: $0) }
    }

    /// The whole list for people.
    public var lines: [String] {
        let width = entries.map(\.name.count).max() ?? 0
        func line(_ entry: Entry, _ size: String) -> String {
            let name = entry.name.padding(toLength: width, withPad: " ", startingAt: 0)
            let kind = entry.title.padding(toLength: 12, withPad: " ", startingAt: 0)
            let right = String(repeating: " ", count: max(0, 8 - size.count)) + size
            return "  \(name)  \(kind) \(right)  \(entry.paints ?? (entry.builtIn ? "comes with the program" : ""))"
        }
        let here = entries.filter(\.installed).map { line($0, ByteText.size($0.bytes ?? 0)) }
        let there = entries.filter { !$0.installed }.map { line($0, $0.size) }
        return ["on this machine"] + here + ["", "to be had with: vqclip-tui models pull NAME"] + there
    }
}

extension ModelListing.Entry {
    /// Everything about one model for people.
    public var lines: [String] {
        var rows: [(String, String)] = [
            ("name", name), ("kind", [title, architecture].compactMap(\.self).joined(separator: ", ")),
        ]
        if let paints { rows.append(("paints", paints)) }
        if let path { rows.append(("folder", path)) }
        for part in parts { rows += Self.rows(of: part) }
        if !installed {
            rows.append(("installed", "no; run: vqclip-tui models pull \(name)"))
            rows.append(("download", size == "?" ? "size not known" : size))
            if let importedBytes { rows.append(("keeps", "about " + ByteText.size(importedBytes))) }
            rows.append(("sha256", sha256 ?? "not known; noted when it is pulled"))
        }
        for (index, source) in sources.enumerated() { rows.append((index == 0 ? "sources" : "", source)) }
        return rows.map { $0.padding(toLength: 11, withPad: " ", startingAt: 0) + $1 }
    }

    private static func rows(of part: ModelPart) -> [(String, String)] {
        var rows = [(part.kind.rawValue, "\(URL(filePath: part.path).lastPathComponent), \(ByteText.size(part.bytes))")]
        guard let provenance = part.provenance else { return rows }
        rows.append(("imported", "\(provenance.imported) from \(provenance.source) by \(provenance.tool)"))
        if let url = provenance.url { rows.append(("from", url)) }
        rows.append(
            ("sha256", "\(provenance.sha256) (\(provenance.isVerified ? "as published" : "noted, not published"))")
        )
        return rows
    }
}
