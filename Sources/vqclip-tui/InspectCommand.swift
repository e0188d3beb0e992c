import ArgumentParser
import EngineKit
import Foundation
import Headless
import ModelFormats
import WeightFiles

/// `vqclip-tui inspect`: what a weight file is, without running or loading anything of it.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a weight file is: kind, sizes, codebook, and what a run would leave out.",
        discussion: """
            Reads checkpoints (.ckpt, .pt, .pth, .bin), TorchScript archives and safetensors, told apart by their \
            contents. Nothing in a file is ever executed.

            EXAMPLES
              vqclip-tui inspect last.ckpt
              vqclip-tui inspect ~/.local/share/vqclip-tui/models/mine
              vqclip-tui inspect ViT-B-32.pt --json | jq .clip
            """
    )

    @Argument(help: ArgumentHelp("Weight files, or folders of them.", valueName: "file"), completion: .file())
    var files: [String]

    @Flag(help: "One JSON object a line.")
    var json = false

    func run() throws {
        var output = LineOutput.standardOutput
        var isFirst = true
        for file in try files.flatMap(Self.weightFiles) {
            let report: InspectionReport
            do throws(WeightFileError) {
                report = InspectionReport(Inspection(try WeightFile(path: file)))
            } catch {
                throw CommandFailure(EngineFailure(.model, error.summary, hint: error.hint).description)
            }
            if json {
                output.line(report.json)
            } else {
                if !isFirst { output.line("") }
                for line in report.lines { output.line(line) }
            }
            isFirst = false
        }
    }

    /// The file itself, or the weight files of a folder.
    private static func weightFiles(_ path: String) throws -> [String] {
        let url = URL(filePath: NSString(string: path).expandingTildeInPath)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
            return [url.path]
        }
        let files = ModelFiles.all(in: url).map(\.path)
        guard !files.isEmpty else {
            throw CommandFailure(
                EngineFailure(
                    .file,
                    "\(url.path) has no weight file",
                    hint: "they end in .safetensors, .ckpt, .pt, .pth or .bin"
                ).description
            )
        }
        return files
    }
}
