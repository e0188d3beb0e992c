import EngineKit
import Foundation
import Media
import Torch

/// A training run as it can be continued exactly: every tensor of the trainer in a safetensors file, and everything else
/// as JSON in its metadata. Random draws need no saving, as they follow from seed and step.
struct TrainingCheckpoint {
    struct Record: Codable {
        var version = 1
        var options: TrainingOptions
        /// Steps made.
        var step: Int
        /// Of training, in all runs together.
        var seconds: Double
        /// What the learning rate is multiplied with.
        var rateScale: Double
        /// Times that the run went back to a checkpoint.
        var rewinds: Int
        /// The model's description, as JSON.
        var description: Data
        /// Stands before the model's keys.
        var prefix: String
        /// What a CLIP's head predicts.
        var words: [String]
        /// Tells whether the pictures are still the same.
        var pictures: UInt64
        var counters: [String: Int]
        var isDone = false
    }

    static let fileName = "training.checkpoint"
    private static let key = "vqclip-tui-training"

    var record: Record
    let tensors: [String: Tensor]

    func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(record), as: UTF8.self)
        let bytes = try Safetensors.encode(tensors, metadata: [Self.key: json])
        try AtomicFile.write(bytes, to: folder.appending(path: Self.fileName).path, overwrite: true)
    }

    static func exists(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: fileName).path)
    }

    init(record: Record, tensors: [String: Tensor]) {
        self.record = record
        self.tensors = tensors
    }

    /// - Throws: ``EngineFailure`` or `WeightsError` that names the file when it is no checkpoint.
    init(in folder: URL) throws {
        let file = try FileStateDict(path: folder.appending(path: Self.fileName).path)
        guard let json = file.metadata[Self.key],
            let record = try? JSONDecoder().decode(Record.self, from: Data(json.utf8)), record.version == 1
        else {
            throw EngineFailure(
                .file,
                "\(file.path) is not a training checkpoint of this program",
                hint: "choose another folder with -o"
            )
        }
        var tensors: [String: Tensor] = [:]
        for key in file.keys { tensors[key] = try file.tensor(key) }
        self.record = record
        self.tensors = tensors
    }
}
