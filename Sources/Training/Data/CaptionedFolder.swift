import EngineKit
import Foundation

/// A picture file with the captions that belong to it.
struct CaptionedFile: Sendable, Hashable, Codable {
    /// Relative to the folder.
    let path: String
    /// Bytes, and seconds since 1970 of its last change: what tells whether the file is still the same.
    let size: Int
    let modified: Double
    /// Empty where none was found.
    let captions: [String]
}

/// The pictures below a folder, with captions by the usual conventions: a `metadata.jsonl` or `metadata.csv` with
/// `file_name` and `text`, else a `.txt` file beside the picture, one caption a line, else the words of the file's name.
struct CaptionedFolder: Sendable {
    /// In the order of their paths.
    let files: [CaptionedFile]
    /// Captions whose picture is not there.
    let orphanedCaptions: Int
    /// What could not be read, one line each.
    let problems: [String]

    private static let pictureSuffixes: Set<String> = ["png", "jpg", "jpeg", "webp"]
    /// A caption file is read no further.
    private static let captionLimit = 64 << 10
    private static let metadataLimit = 1 << 30

    /// - Throws: ``EngineFailure`` when there is no such folder or no picture in it.
    init(_ folder: URL) throws(EngineFailure) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw EngineFailure(.file, "there is no folder \(folder.path)", hint: "give --data a folder of pictures")
        }
        var pictures: [String] = []
        var texts: Set<String> = []
        var tables: [String] = []
        for path in Self.regularFiles(folder) {
            let suffix = (path as NSString).pathExtension.lowercased()
            let name = (path as NSString).lastPathComponent
            if Self.pictureSuffixes.contains(suffix) {
                pictures.append(path)
            } else if name == "metadata.jsonl" || name == "metadata.csv" {
                tables.append(path)
            } else if suffix == "txt" {
                texts.insert(path)
            }
        }
        guard !pictures.isEmpty else {
            throw EngineFailure(
                .file,
                "there are no pictures in \(folder.path)",
                hint: "put PNG, JPEG or WebP files there, best with captions"
            )
        }
        let known = Set(pictures)
        var captions: [String: [String]] = [:]
        var orphans = 0
        var problems: [String] = []
        for table in tables {
            do {
                for (name, words) in try Self.rows(folder.appending(path: table)) {
                    let path = Self.joined((table as NSString).deletingLastPathComponent, name)
                    if known.contains(path) { captions[path, default: []] += words } else { orphans += 1 }
                }
            } catch {
                problems.append("\(table): \(error.summary)")
            }
        }
        orphans += texts.subtracting(pictures.map { Self.stem($0) + ".txt" }).count
        files = pictures.sorted().map { path in
            Self.file(path, folder, table: captions[path], hasText: texts.contains(Self.stem(path) + ".txt"))
        }
        orphanedCaptions = orphans
        self.problems = problems
    }

    private static func file(_ path: String, _ folder: URL, table: [String]?, hasText: Bool) -> CaptionedFile {
        var status = stat()
        let isThere = stat(folder.appending(path: path).path, &status) == 0
        var captions = (table ?? []).map(CaptionText.tidied).filter { !$0.isEmpty }
        if captions.isEmpty, hasText { captions = lines(folder.appending(path: stem(path) + ".txt")) }
        if captions.isEmpty, let words = CaptionText.words(ofPath: path) { captions = [words] }
        return CaptionedFile(
            path: path,
            size: isThere ? Int(status.st_size) : 0,
            modified: Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9,
            captions: captions
        )
    }

    /// Paths relative to the folder; hidden files and links to folders are passed over.
    private static func regularFiles(_ folder: URL) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        return walk.compactMap { $0 as? String }.filter { path in
            !path.split(separator: "/").contains { $0.hasPrefix(".") }
        }
    }

    private static func stem(_ path: String) -> String { (path as NSString).deletingPathExtension }

    private static func joined(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }

    private static func lines(_ url: URL) -> [String] {
        guard let file = try? FileHandle(forReadingFrom: url), let data = try? file.read(upToCount: captionLimit) else {
            return []
        }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { CaptionText.tidied(String($0)) }.filter { !$0.isEmpty }
    }

    private static func rows(_ url: URL) throws(EngineFailure) -> [(name: String, captions: [String])] {
        let size = (try? url.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
        guard size <= metadataLimit, let data = try? Data(contentsOf: url) else {
            throw EngineFailure(.file, "cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self)
        return url.pathExtension == "csv" ? try CaptionTable.csv(text) : try CaptionTable.jsonLines(text)
    }
}
