import EngineKit

/// A row of the settings pane.
enum SettingRow: Sendable, Hashable {
    case vqgan, clip
    case key(SettingKey)

    static let all: [SettingRow] = [.vqgan, .clip] + SettingKey.allCases.map(SettingRow.key)

    var title: String {
        switch self {
        case .vqgan: "model"
        case .clip: "clip"
        case .key(let key): key.title
        }
    }

    var help: String {
        switch self {
        case .vqgan: "the VQGAN that paints: a name, a folder or a file; → lists the installed ones"
        case .clip: "the CLIP that looks: a name, a folder or a file, several as A | B:0.5; → lists them"
        case .key(let key): key.help
        }
    }

    var choices: [String]? {
        switch self {
        case .vqgan, .clip: nil
        case .key(let key): key.choices
        }
    }
}

/// The settings as the user wants them: defaults, below the model's recommendation, below the user's own values.
struct SettingsDraft: Sendable, Equatable {
    /// The user's own values in the notation of ``EngineKit/RunSettings``; all of them are usable.
    private(set) var own: [SettingKey: String] = [:]
    /// What the loaded model recommends.
    private(set) var recommended: [SettingKey: String] = [:]
    /// The three layers together.
    private(set) var effective = RunSettings()
    var models: ModelChoice
    private(set) var selection = 0

    init(own: [SettingKey: String] = [:], models: ModelChoice = .builtIn) {
        self.models = models
        for (key, value) in own where (try? RunSettings().checking(key, value)) != nil { self.own[key] = value }
        layer()
    }

    var selectedRow: SettingRow { SettingRow.all[min(max(0, selection), SettingRow.all.count - 1)] }

    mutating func select(_ index: Int) { selection = min(max(0, index), SettingRow.all.count - 1) }

    /// - Throws: ``EngineKit/SettingError`` when the value cannot be used; then nothing has changed.
    mutating func set(_ key: SettingKey, to value: String) throws(SettingError) {
        own[key] = try effective.checking(key, value)
        layer()
    }

    mutating func reset(_ key: SettingKey) {
        own[key] = nil
        layer()
    }

    mutating func recommend(_ values: [SettingKey: String]) {
        recommended = values
        layer()
    }

    /// Takes over the values of a run, so that only later changes count as differences.
    mutating func adopt(_ settings: RunSettings) {
        for key in settings.differences(from: effective) { own[key] = settings.value(of: key) }
        layer()
    }

    func text(of row: SettingRow) -> String {
        switch row {
        case .vqgan: models.vqgan
        case .clip: models.clip
        case .key(let key): effective.value(of: key)
        }
    }

    /// The running settings with every live setting of this draft.
    func liveSettings(over running: RunSettings) -> RunSettings {
        var result = running
        for key in SettingKey.allCases where key.isLive {
            // Both sides hold values that were read before, so reading them again cannot fail.
            try? result.set(key, to: effective.value(of: key))
        }
        return result
    }

    private mutating func layer() {
        var settings = RunSettings()
        for key in SettingKey.allCases {
            for layer in [recommended, own] {
                if let value = layer[key] { try? settings.set(key, to: value) }
            }
        }
        effective = settings
    }
}

extension RunSettings {
    /// The value as it will be shown once it is set.
    /// - Throws: ``SettingError`` when it cannot be used.
    fileprivate func checking(_ key: SettingKey, _ value: String) throws(SettingError) -> String {
        var copy = self
        try copy.set(key, to: value)
        return copy.value(of: key)
    }
}
