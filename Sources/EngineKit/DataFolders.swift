public import Foundation

/// Where the program keeps its files, following the XDG base directory specification.
public struct DataFolders: Sendable, Hashable {
    /// `config.toml` and the user's themes.
    public let configuration: URL
    /// `runs`, one folder per run, and `models`.
    public let data: URL
    /// The log file.
    public let state: URL
    /// What can be made again, such as decoded pictures.
    public let cache: URL

    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let given = environment["HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = URL(filePath: given ?? NSHomeDirectory(), directoryHint: .isDirectory)
        func folder(_ variable: String, _ fallback: String) -> URL {
            let base =
                if let path = environment[variable], path.hasPrefix("/") {
                    URL(filePath: path, directoryHint: .isDirectory)
                } else {
                    home.appending(path: fallback, directoryHint: .isDirectory)
                }
            return base.appending(path: "vqclip-tui", directoryHint: .isDirectory)
        }
        configuration = folder("XDG_CONFIG_HOME", ".config")
        data = folder("XDG_DATA_HOME", ".local/share")
        state = folder("XDG_STATE_HOME", ".local/state")
        cache = folder("XDG_CACHE_HOME", ".cache")
    }

    public var configurationFile: URL { configuration.appending(path: "config.toml") }
    public var userThemes: URL { configuration.appending(path: "themes", directoryHint: .isDirectory) }
    public var runs: URL { data.appending(path: "runs", directoryHint: .isDirectory) }
    public var models: URL { data.appending(path: "models", directoryHint: .isDirectory) }
    /// What `bench` has measured on this machine.
    public var calibrationFile: URL { state.appending(path: "calibration.json") }
    public var logFile: URL { state.appending(path: "vqclip-tui.log") }
}

/// Finds the files that come with the program (`models`, `themes`): beside an installed binary in
/// `../share/vqclip-tui`, or upwards from a binary inside its source checkout.
public enum ProgramFiles {
    /// The first existing folder or file of that name, or `nil`.
    public static func find(_ name: String, environment: [String: String] = ProcessInfo.processInfo.environment) -> URL?
    {
        candidates(environment: environment).lazy
            .map { $0.appending(path: name) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    private static func candidates(environment: [String: String]) -> [URL] {
        var folders: [URL] = []
        if let path = environment["VQCLIP_SHARE"] { folders.append(URL(filePath: path, directoryHint: .isDirectory)) }
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        var folder = executable.deletingLastPathComponent()
        folders.append(folder.deletingLastPathComponent().appending(path: "share/vqclip-tui"))
        for _ in 0..<6 {
            folders.append(folder)
            folder = folder.deletingLastPathComponent()
        }
        return folders
    }
}
