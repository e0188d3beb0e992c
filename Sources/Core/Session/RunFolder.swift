import EngineKit
import Foundation

/// The folder of one run, named by date, time and the first words of its prompts.
enum RunFolder {
    /// Makes a new folder; an existing one is never used again.
    /// - Throws: ``EngineFailure`` when it cannot be made.
    static func make(in runs: URL, prompts: [Prompt], date: Date = Date()) throws(EngineFailure) -> String {
        let stem = "\(timestamp(date))-\(slug(prompts))"
        // If this fails, so does the next, which says why.
        try? FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
        for number in 1...1000 {
            let folder = runs.appending(path: number == 1 ? stem : "\(stem)-\(number)")
            if mkdir(folder.path, 0o755) == 0 { return folder.path }
            guard errno == EEXIST else { throw failure(folder.path) }
        }
        throw failure(runs.appending(path: stem).path)
    }

    /// Takes a folder away again if nothing was written into it.
    static func removeIfEmpty(_ folder: String) { rmdir(folder) }

    private static func failure(_ path: String) -> EngineFailure {
        EngineFailure(
            .file,
            "the folder \(path) cannot be made: \(String(cString: strerror(errno)))",
            hint: "set XDG_DATA_HOME to a folder that can be written"
        )
    }

    private static func timestamp(_ date: Date) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var local = tm()
        localtime_r(&seconds, &local)
        func padded(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = "\(local.tm_year + 1900)-\(padded(local.tm_mon + 1))-\(padded(local.tm_mday))"
        return "\(day)-\(padded(local.tm_hour))\(padded(local.tm_min))\(padded(local.tm_sec))"
    }

    /// The first words, in letters, digits and hyphens.
    private static func slug(_ prompts: [Prompt]) -> String {
        let words = prompts.first.map { prompt in
            switch prompt.content {
            case .text(let text): text
            case .image(let path): URL(filePath: path).deletingPathExtension().lastPathComponent
            }
        }
        var result = ""
        for character in (words ?? "").lowercased() {
            if character.isLetter || character.isNumber {
                result.append(character)
            } else if !result.isEmpty, result.last != "-" {
                result.append("-")
            }
            if result.utf8.count >= 40 { break }
        }
        while result.last == "-" { result.removeLast() }
        return result.isEmpty ? "picture" : result
    }
}
