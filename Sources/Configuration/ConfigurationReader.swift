import EngineKit
import Foundation
import Logging

/// Turns the text of a configuration file into a ``UserConfiguration`` and the list of what was wrong with it.
struct ConfigurationReader {
    private(set) var configuration = UserConfiguration()
    private(set) var issues: [ConfigurationIssue] = []
    private let file: URL
    private let text: String
    private var root = ConfigurationTable()

    private static let texts: [(key: String, path: any WritableKeyPath<UserConfiguration, String?> & Sendable)] = [
        ("theme", \.theme),
        ("preview", \.preview),
        ("color", \.color),
        ("device", \.device),
    ]
    private static let logLevel = "log-level"
    private static let models: [(key: String, path: any WritableKeyPath<UserConfiguration, String?> & Sendable)] = [
        ("vqgan", \.vqgan),
        ("clip", \.clip),
    ]
    private static let sections = ["model", "settings", "keys"]

    init(file: URL, text: String) {
        self.file = file
        self.text = text
    }

    mutating func read() {
        let table: ConfigurationTable
        do {
            table = try ConfigurationParser.parse(text)
        } catch {
            let problem = "is not TOML: \(error.problem)"
            issues.append(ConfigurationIssue(file: file, line: error.line, key: "", problem: problem))
            return
        }
        root = table
        let known = Self.texts.map(\.key) + [Self.logLevel] + Self.sections
        for (key, value) in table.values.sorted(by: { $0.key < $1.key }) {
            if let path = Self.texts.first(where: { $0.key == key })?.path {
                configuration[keyPath: path] = readText(value, key)
            } else if key == Self.logLevel {
                readLogLevel(value)
            } else if Self.sections.contains(key) {
                readSection(value, key)
            } else {
                reportUnknown(key, in: "", known: known)
            }
        }
        // In the order of the file, as it will be worked through.
        issues.sort { ($0.line ?? 0, $0.key) < ($1.line ?? 0, $1.key) }
    }

    private mutating func readSection(_ value: ConfigurationValue, _ section: String) {
        guard case .table(let table) = value else {
            return report(section, "is \(value.kind); write it as a section, [\(section)]")
        }
        for (key, value) in table.values.sorted(by: { $0.key < $1.key }) {
            let name = "\(section).\(key)"
            switch section {
            case "model":
                if let path = Self.models.first(where: { $0.key == key })?.path {
                    configuration[keyPath: path] = readText(value, name)
                } else {
                    reportUnknown(key, in: section, known: Self.models.map(\.key))
                }
            case "settings": readSetting(value, key)
            default: configuration.keys[key] = readText(value, name)
            }
        }
    }

    private mutating func readSetting(_ value: ConfigurationValue, _ name: String) {
        guard let key = SettingKey(rawValue: name) else {
            return reportUnknown(name, in: "settings", known: SettingKey.allCases.map(\.rawValue))
        }
        // An empty list of augmentations is how TOML says none.
        let isEmptyList = value == .list([])
        guard let notation = isEmptyList && key == .augmentations ? "none" : value.notation else {
            return report("settings.\(name)", "is \(value.kind); write \(key.help)")
        }
        var scratch = RunSettings()
        do {
            try scratch.set(key, to: notation)
            configuration.settings[key] = scratch.value(of: key)
        } catch {
            report("settings.\(name)", error.message)
        }
    }

    private mutating func readLogLevel(_ value: ConfigurationValue) {
        guard let text = readText(value, Self.logLevel) else { return }
        if let level = Logger.Level(rawValue: text.lowercased()) {
            configuration.logLevel = level
        } else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            report(Self.logLevel, "'\(text)' is unknown; choose one of \(levels)")
        }
    }

    private mutating func readText(_ value: ConfigurationValue, _ key: String) -> String? {
        guard case .text(let text) = value else {
            report(key, "is \(value.kind); write a text in quotes")
            return nil
        }
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        if trimmed.isEmpty { report(key, "is empty") }
        return trimmed.isEmpty ? nil : trimmed
    }

    private mutating func reportUnknown(_ key: String, in section: String, known: [String]) {
        let name = section.isEmpty ? key : "\(section).\(key)"
        if let nearest = NearestName.to(key, among: known) {
            report(name, "is unknown; did you mean '\(nearest)'?")
        } else {
            report(name, "is unknown; there are \(known.joined(separator: ", "))")
        }
    }

    private mutating func report(_ key: String, _ problem: String) {
        issues.append(ConfigurationIssue(file: file, line: line(of: key), key: key, problem: problem))
    }

    private func line(of name: String) -> Int? {
        guard let dot = name.firstIndex(of: ".") else { return root.lines[name] }
        guard case .table(let section) = root[String(name[..<dot])] else { return root.lines[name] }
        return section.lines[String(name[name.index(after: dot)...])]
    }
}
