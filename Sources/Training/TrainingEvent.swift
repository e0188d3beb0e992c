public import EngineKit

/// What a training run reports.
public enum TrainingEvent: Sendable {
    /// Pictures decoded so far.
    case decoding(done: Int, total: Int)
    case data(DataSummary)
    /// The model in one line.
    case model(String)
    /// Going on from a checkpoint.
    case resumed(step: Int)
    case step(TrainingReport)
    case evaluated(TrainingEvaluation)
    case saved(path: String, step: Int)
    case note(String)
}

/// What was found in the folder of pictures.
public struct DataSummary: Sendable, Hashable, Codable {
    /// Pictures that are learned from.
    public var training = 0
    /// Pictures that progress is measured on.
    public var measured = 0
    /// Whether the measured ones are kept out of the training.
    public var holdsOut = true
    public var unreadable = 0
    public var tooSmall = 0
    public var duplicates = 0
    /// Pictures left out because they have no caption.
    public var withoutCaption = 0
    /// Captions whose picture is not there.
    public var orphanedCaptions = 0
    /// Some of what went wrong, one line each.
    public var problems: [String] = []

    /// One line.
    public var line: String {
        var parts = ["\(training) pictures"]
        parts.append(holdsOut ? "\(measured) more held out" : "none held out, as there are few")
        let left: [(Int, String)] = [
            (unreadable, "unreadable"), (tooSmall, "too small"), (duplicates, "duplicate"),
            (withoutCaption, "without caption"), (orphanedCaptions, "captions without picture"),
        ]
        for (count, what) in left where count > 0 { parts.append("\(count) \(what)") }
        return parts.joined(separator: ", ")
    }
}

/// One step of training.
public struct TrainingReport: Sendable {
    /// Steps made.
    public let step: Int
    /// How much of the training is done, 0…1.
    public let fraction: Double
    /// Losses by name, in the order in which they are shown; the first is their weighted sum.
    public let losses: [(name: String, value: Double)]
    public let rate: Double
    /// Pictures per second, smoothed.
    public let samplesPerSecond: Double
    /// Until the end, as far as it can be told.
    public let secondsLeft: Double
}

/// A measurement on held-out pictures.
public struct TrainingEvaluation: Sendable {
    public let step: Int
    /// Such as "PSNR", in the order in which they are shown; the first is the one that counts.
    public let measures: [(name: String, value: Double)]
    /// Reconstructions below their originals, or what was found for some captions.
    public let picture: Frame?
    /// The captions of the picture's rows, for a CLIP.
    public let captions: [String]
    /// Where the picture was written.
    public let path: String?
}
