import EngineKit
import Foundation

/// Captions from text of any origin.
enum CaptionText {
    /// In one line with single spaces.
    static func tidied(_ text: String) -> String {
        text.split(whereSeparator: { $0.isWhitespace || $0.isNewline }).joined(separator: " ")
    }

    /// The words of a file's name: `red_dragon-012.png` says "red dragon". A name without words, such as a number or a
    /// digest, leaves it to the folder's, as in collections with a folder per class.
    /// - Returns: `nil` where neither has words.
    static func words(ofPath path: String) -> String? {
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        let folder = ((path as NSString).deletingLastPathComponent as NSString).lastPathComponent
        return words(of: stem) ?? words(of: folder)
    }

    private static func words(of name: String) -> String? {
        let words = name.split { !($0.isLetter || $0 == "'") && !$0.isNumber }
            .filter { word in word.contains(where: \.isLetter) && !word.contains(where: \.isNumber) }
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}

/// Tables of file names and captions, as collections of pictures have them.
enum CaptionTable {
    typealias Row = (name: String, captions: [String])

    private static let nameColumns = ["file_name", "filename", "file"]
    private static let textColumns = ["text", "caption", "captions", "prompt"]

    /// One JSON object a line.
    /// - Throws: ``EngineFailure`` that names the line.
    static func jsonLines(_ text: String) throws(EngineFailure) -> [Row] {
        var rows: [Row] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.allSatisfy(\.isWhitespace) {
            guard let object = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any],
                let name = nameColumns.lazy.compactMap({ object[$0] as? String }).first
            else { throw EngineFailure(.file, "line \(index + 1) is no JSON object with a file_name") }
            let captions = textColumns.lazy.compactMap { column -> [String]? in
                (object[column] as? String).map { [$0] } ?? object[column] as? [String]
            }
            rows.append((name, captions.first ?? []))
        }
        return rows
    }

    /// Comma-separated values with a header; quotes as in RFC 4180.
    /// - Throws: ``EngineFailure`` when the columns are not there.
    static func csv(_ text: String) throws(EngineFailure) -> [Row] {
        var records = records(text)
        guard !records.isEmpty else { return [] }
        let header = records.removeFirst().map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        guard let name = nameColumns.lazy.compactMap(header.firstIndex(of:)).first,
            let caption = textColumns.lazy.compactMap(header.firstIndex(of:)).first
        else { throw EngineFailure(.file, "its header names no file_name and text") }
        return records.compactMap { fields in
            name < fields.count && caption < fields.count ? (fields[name], [fields[caption]]) : nil
        }
    }

    private static func records(_ text: String) -> [[String]] {
        var records: [[String]] = []
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var pending: Character?
        func endField() {
            fields.append(field)
            field = ""
        }
        func endRecord() {
            endField()
            if fields != [""] { records.append(fields) }
            fields = []
        }
        for character in text {
            if pending == "\"" {
                // A quote inside quotes is written twice; a single one ends them.
                pending = nil
                if character == "\"" {
                    field.append(character)
                    continue
                }
                isQuoted = false
            }
            if isQuoted {
                if character == "\"" { pending = character } else { field.append(character) }
            } else if character == "\"", field.isEmpty {
                isQuoted = true
            } else if character == "," {
                endField()
            } else if character.isNewline {
                endRecord()
            } else {
                field.append(character)
            }
        }
        endRecord()
        return records
    }
}
