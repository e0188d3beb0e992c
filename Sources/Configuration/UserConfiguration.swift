public import EngineKit
public import Foundation
public import Logging

/// What the user wrote into `config.toml`. Everything is optional; the command line has the last word.
public struct UserConfiguration: Sendable, Equatable {
    /// The name of a theme, a preview mode, a colour depth, a device. The parts of the program that own these lists
    /// check them, so that they are kept in one place.
    public var theme: String?
    public var preview: String?
    public var color: String?
    public var device: String?
    public var logLevel: Logger.Level?
    /// `[model]`: names of known models or paths of weight files.
    public var vqgan: String?
    public var clip: String?
    /// `[settings]` in the notation of ``RunSettings/set(_:to:)``, each known to be valid.
    public var settings: [SettingKey: String] = [:]
    /// `[keys]`: the text of a key chord by the name of a command.
    public var keys: [String: String] = [:]

    public init() {}

    /// Reads a configuration file. A missing file is an empty one; whatever cannot be used becomes an issue and is
    /// left out. Never throws.
    public static func load(
        from file: URL = DataFolders().configurationFile
    ) -> (configuration: UserConfiguration, issues: [ConfigurationIssue]) {
        do {
            guard let text = try ConfigurationFile.text(of: file) else { return (UserConfiguration(), []) }
            var reader = ConfigurationReader(file: file, text: text)
            reader.read()
            return (reader.configuration, reader.issues)
        } catch {
            let issue = ConfigurationIssue(file: file, line: error.line, key: "", problem: error.text)
            return (UserConfiguration(), [issue])
        }
    }
}
