/// A setting by name: one table for the command line, the config file, the settings pane and the picture's metadata.
public enum SettingKey: String, Sendable, Codable, CaseIterable {
    case size
    case steps
    case seed
    case optimizer
    case learningRate = "learning-rate"
    case rateSchedule = "rate-schedule"
    case cuts
    case cutPower = "cut-power"
    case cutMethod = "cut-method"
    case augmentations
    case noise
    case noiseEnd = "noise-end"
    case average
    case start
    case microBatch = "micro-batch"
    case previewEvery = "preview-every"

    /// A short name for the settings pane.
    public var title: String {
        switch self {
        case .learningRate: "rate"
        case .rateSchedule: "schedule"
        case .cutPower: "cut power"
        case .cutMethod: "cut method"
        case .augmentations: "augment"
        case .noiseEnd: "noise end"
        case .microBatch: "micro-batch"
        case .previewEvery: "preview every"
        default: rawValue
        }
    }

    /// Whether a change takes effect in the running optimisation; the others need a new run.
    public var isLive: Bool {
        switch self {
        case .size, .seed, .start, .optimizer: false
        default: true
        }
    }

    /// One line that says what the setting does.
    public var help: String {
        switch self {
        case .size: "picture size in pixels, WIDTHxHEIGHT"
        case .steps: "optimisation steps"
        case .seed: "a whole number; the same seed and settings give the same picture"
        case .optimizer: Self.list(OptimizerKind.allCases.map(\.rawValue))
        case .learningRate: "step size of the optimiser in the latent's units"
        case .rateSchedule: "constant, or cooling: full for the first half, then down to 0.15 of it"
        case .cuts: "cutouts that CLIP looks at in every step"
        case .cutPower: "above 1 favours small crops, below 1 large ones"
        case .cutMethod: Self.list(CutMethod.allCases.map(\.rawValue))
        case .augmentations: "some of \(Augmentation.allCases.map(\.rawValue).joined(separator: " ")); or none"
        case .noise: "Gaussian noise on the cutouts, 0 to 1"
        case .noiseEnd: "the same at the last step"
        case .average: "moving average of the latent for display, 0 (off) to 0.999"
        case .start: "codes, noise, smooth, gradient, sketch or the path of a picture"
        case .microBatch: "cutouts CLIP sees at once; 0 chooses"
        case .previewEvery: "steps between preview pictures"
        }
    }

    /// The values to choose from, for a setting that has a closed set of them.
    public var choices: [String]? {
        switch self {
        case .optimizer: OptimizerKind.allCases.map(\.rawValue)
        case .rateSchedule: RateSchedule.allCases.map(\.rawValue)
        case .cutMethod: CutMethod.allCases.map(\.rawValue)
        default: nil
        }
    }

    fileprivate static func list(_ names: [String]) -> String {
        names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }
}

/// A setting's value that could not be used.
public struct SettingError: Error, Sendable, Equatable, CustomStringConvertible {
    public let key: String
    public let message: String

    public init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    public var description: String { "\(key): \(message)" }
}

extension RunSettings {
    /// The value of a setting in the notation that ``set(_:to:)`` reads.
    public func value(of key: SettingKey) -> String {
        switch key {
        case .size: size.description
        case .steps: String(steps)
        case .seed: String(seed)
        case .optimizer: optimizer.rawValue
        case .learningRate: PromptParser.number(learningRate)
        case .rateSchedule: rateSchedule.rawValue
        case .cuts: String(cuts)
        case .cutPower: PromptParser.number(cutPower)
        case .cutMethod: cutMethod.rawValue
        case .augmentations:
            augmentations.isEmpty ? "none" : augmentations.map(\.rawValue).joined(separator: " ")
        case .noise: PromptParser.number(noise)
        case .noiseEnd: PromptParser.number(noiseEnd)
        case .average: PromptParser.number(averageDecay)
        case .start: start.notation
        case .microBatch: String(microBatch)
        case .previewEvery: String(previewEvery)
        }
    }

    /// Sets a setting from text.
    /// - Throws: ``SettingError`` that names the key, the value and what would be accepted.
    public mutating func set(_ key: SettingKey, to text: String) throws(SettingError) {
        let text = text.trimmingSpaces()
        switch key {
        case .size: size = try Self.size(text)
        case .steps: steps = try Self.integer(text, key, 1...1_000_000)
        case .seed: seed = try Self.seed(text)
        case .optimizer: optimizer = try Self.choice(text, key)
        case .learningRate: learningRate = try Self.real(text, key, 1e-6...10)
        case .rateSchedule: rateSchedule = try Self.choice(text, key)
        case .cuts: cuts = try Self.integer(text, key, 1...1024)
        case .cutPower: cutPower = try Self.real(text, key, 0.05...20)
        case .cutMethod: cutMethod = try Self.choice(text, key)
        case .augmentations: augmentations = try Self.augmentations(text)
        case .noise: noise = try Self.real(text, key, 0...1)
        case .noiseEnd: noiseEnd = try Self.real(text, key, 0...1)
        case .average: averageDecay = try Self.real(text, key, 0...0.999)
        case .start: start = try StartPicture(notation: text)
        case .microBatch: microBatch = try Self.integer(text, key, 0...1024)
        case .previewEvery: previewEvery = try Self.integer(text, key, 1...100_000)
        }
    }

    /// Applies several settings in order of the key table.
    /// - Throws: ``SettingError`` for the first value that cannot be used.
    public mutating func apply(_ values: [SettingKey: String]) throws(SettingError) {
        for key in SettingKey.allCases {
            if let value = values[key] { try set(key, to: value) }
        }
    }

    /// The keys in which two settings differ, in the order of the table.
    public func differences(from other: RunSettings) -> [SettingKey] {
        SettingKey.allCases.filter { value(of: $0) != other.value(of: $0) }
    }

    private static func size(_ text: String) throws(SettingError) -> PictureSize {
        let parts = text.lowercased().split(whereSeparator: { "x×, ".contains($0) }).map(String.init)
        let numbers = parts.compactMap(Int.init)
        guard numbers.count == parts.count, (1...2).contains(numbers.count) else {
            throw SettingError(key: "size", message: "'\(text)' is not a size; write WIDTHxHEIGHT, such as 192x128")
        }
        let size = PictureSize(numbers[0], numbers.count == 2 ? numbers[1] : numbers[0])
        guard (1...1_000_000).contains(size.width), (1...1_000_000).contains(size.height) else {
            throw SettingError(key: "size", message: "\(text) has no pixels or too many; write one such as 192x128")
        }
        return size
    }

    private static func seed(_ text: String) throws(SettingError) -> UInt64 {
        guard let seed = UInt64(text) else {
            throw SettingError(key: "seed", message: "'\(text)' is not a whole number from 0 to \(UInt64.max)")
        }
        return seed
    }

    private static func integer(
        _ text: String,
        _ key: SettingKey,
        _ range: ClosedRange<Int>
    ) throws(SettingError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw SettingError(
                key: key.rawValue,
                message: "'\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }

    private static func real(
        _ text: String,
        _ key: SettingKey,
        _ range: ClosedRange<Double>
    ) throws(SettingError) -> Double {
        guard let value = Double(text), range.contains(value) else {
            let bounds = "\(PromptParser.number(range.lowerBound)) to \(PromptParser.number(range.upperBound))"
            throw SettingError(key: key.rawValue, message: "'\(text)' is not a number from \(bounds)")
        }
        return value
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String,
        _ key: SettingKey
    ) throws(SettingError) -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: text.lowercased()) { return choice }
        throw SettingError(
            key: key.rawValue,
            message: "'\(text)' is unknown; choose \(SettingKey.list(Choice.allCases.map(\.rawValue)))"
        )
    }

    private static func augmentations(_ text: String) throws(SettingError) -> [Augmentation] {
        if text.lowercased() == "none" { return [] }
        var result: [Augmentation] = []
        for word in text.split(whereSeparator: { " ,+".contains($0) }) {
            let names = Augmentation.allCases.map(\.rawValue).joined(separator: " ")
            guard let found = Augmentation.allCases.first(where: { $0.rawValue.lowercased() == word.lowercased() })
            else {
                throw SettingError(
                    key: SettingKey.augmentations.rawValue,
                    message: "'\(word)' is unknown; list some of \(names), or none"
                )
            }
            result.append(found)
        }
        return result
    }
}

extension StartPicture {
    /// The name of the start, or the path of its picture.
    public var notation: String {
        switch self {
        case .codes: "codes"
        case .noise: "noise"
        case .smooth: "smooth"
        case .gradient: "gradient"
        case .sketch: "sketch"
        case .image(let path): path
        }
    }

    /// Reads a start's name; anything else is the path of a picture.
    /// - Throws: ``SettingError`` when the text is empty.
    public init(notation: String) throws(SettingError) {
        switch notation.lowercased() {
        case "": throw SettingError(key: "start", message: "is empty; choose \(SettingKey.start.help)")
        case "codes", "random": self = .codes
        case "noise", "pixels": self = .noise
        case "smooth": self = .smooth
        case "gradient": self = .gradient
        case "sketch": self = .sketch
        default: self = .image(path: notation)
        }
    }
}
