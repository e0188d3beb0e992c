import ArgumentParser
import Configuration
import Core
import EngineKit
import Foundation
import Headless
import Tokenizers

/// `vqclip-tui tokenize`: texts as a CLIP reads them.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the tokens that a CLIP makes of texts, and what it cuts off.",
        discussion: """
            </w> marks the end of a word. Needs no more of the model than its vocabulary.

            EXAMPLES
              vqclip-tui tokenize "misty mountains under a full moon"
              vqclip-tui tokenize "a castle" --clip ViT-B-32.pt
              vqclip-tui tokenize --openai --json "a castle" | jq -c .ids
              vqclip-tui tokenize --openai --lines prompts.txt
            """
    )

    @Argument(help: "The texts.")
    var texts: [String] = []

    @Option(help: "CLIP: a model's name, folder or weight file, or several as in 'A | B'.")
    var clip: String?

    @Flag(help: "Use the vocabulary of OpenAI's CLIPs, without a model.")
    var openai = false

    @Option(help: ArgumentHelp("Read texts from a file, one a line; - is standard input.", valueName: "file"))
    var lines: String?

    @Flag(help: "The lines are strings of JSON in quotation marks, which can hold line breaks.")
    var escaped = false

    @Flag(help: "One JSON object a line: clip, text, ids, pieces, count, limit and cut_off.")
    var json = false

    func validate() throws {
        if texts.isEmpty, lines == nil {
            throw ValidationError("There is no text. Write it in quotation marks: vqclip-tui tokenize \"a forest\"")
        }
        if openai, clip != nil { throw ValidationError("Choose one of --clip and --openai.") }
        if escaped, lines == nil { throw ValidationError("--escaped belongs to --lines.") }
    }

    func run() throws {
        try PartsOutput.reporting {
            let texts = try texts + readLines()
            let tokenizers = try tokenizers()
            var output = LineOutput.standardOutput
            for text in texts {
                for (name, tokenizer) in tokenizers {
                    let result = Result(clip: name, text: text, tokenizer)
                    for line in json ? [PartsOutput.json(result)] : result.lines { output.line(line) }
                }
            }
        }
    }

    private func tokenizers() throws -> [(clip: String, tokenizer: any Tokenizer)] {
        if openai { return [("OpenAI", try TokenizerFiles.openAI())] }
        let (configuration, issues) = UserConfiguration.load(from: DataFolders().configurationFile)
        PartsOutput.note(issues.map(\.description))
        return try ModelParts.tokenizers(clip ?? configuration.clip ?? "built-in")
    }

    private func readLines() throws -> [String] {
        guard let lines else { return [] }
        let handle: FileHandle?
        if lines == "-" { handle = .standardInput } else { handle = FileHandle(forReadingAtPath: lines) }
        guard let data = try? handle?.readToEnd() ?? (handle == nil ? nil : Data()) else {
            throw EngineFailure(.file, "\(lines) cannot be read", hint: "name a text file, or - for standard input")
        }
        var rows = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if rows.last?.isEmpty == true { rows.removeLast() }
        return try rows.enumerated().map { number, row in
            guard escaped else { return String(decoding: row.last == 0x0D ? row.dropLast() : row, as: UTF8.self) }
            guard let text = try? JSONDecoder().decode(String.self, from: Data(row)) else {
                throw EngineFailure(
                    .file,
                    "line \(number + 1) of \(lines) is not a string of JSON",
                    hint: "write it as \"text\", or leave --escaped out"
                )
            }
            return text
        }
    }

    /// What becomes of one text.
    private struct Result: Encodable {
        let clip: String
        let text: String
        let ids: [Int]
        let pieces: [String]
        let count: Int
        let limit: Int
        /// The end of the text, cleaned and in lower case, that the model does not see.
        let cutOff: String

        private enum CodingKeys: String, CodingKey {
            case clip, text, ids, pieces, count, limit
            case cutOff = "cut_off"
        }

        init(clip: String, text: String, _ tokenizer: any Tokenizer) {
            self.clip = clip
            self.text = text
            ids = tokenizer.encode(text)
            pieces = ids.map { tokenizer.piece($0) ?? "?" }
            count = ids.count
            limit = tokenizer.tokenLimit
            cutOff = tokenizer.text(of: ids.dropFirst(limit))
        }

        /// For people.
        var lines: [String] {
            var lines = ["\(count) of \(limit) tokens of \(clip): \(text)"]
            for (place, (id, piece)) in zip(ids, pieces).enumerated() {
                let number = String(id)
                let padding = String(repeating: " ", count: max(0, 7 - number.count))
                lines.append("\(padding)\(number)  \(piece)\(place < limit ? "" : "  (cut off)")")
            }
            if count == 0 { lines.append("        the model knows no part of it") }
            if !cutOff.isEmpty { lines.append("cut off: \(cutOff)") }
            return lines
        }
    }
}
