import EngineKit
import Foundation

/// Finds and reads themes. Never fails: what is missing or broken comes from the compiled-in default, and the issues
/// say what that was.
struct ThemeLoader: Sendable {
    /// Where themes are looked for, the first one first.
    let folders: [URL]

    /// A theme is a page of text; more than this is something else.
    private static let largestFile = 256 * 1024
    private static let builtIn: [Theme] = [.midnight, .monochrome]

    init(folders: [URL]) { self.folders = folders }

    /// Looks in the user's folder, then among the files that come with the program.
    init() {
        folders = [DataFolders().userThemes] + [ProgramFiles.find("themes")].compactMap(\.self)
    }

    /// The theme that suits a terminal when the user has not chosen one.
    static func preferredName(for depth: ColorDepth) -> String {
        switch depth {
        case .monochrome: Theme.monochrome.name
        case .ansi16: "ansi16"
        case .indexed256, .truecolor: Theme.midnight.name
        }
    }

    /// The names that ``load(_:)`` takes, sorted, for choosing among.
    func available() -> [String] {
        var names = Set(Self.builtIn.map(\.name))
        for folder in folders {
            let files =
                (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
            names.formUnion(
                files.filter { $0.pathExtension == "toml" }.map { $0.deletingPathExtension().lastPathComponent }
            )
        }
        return names.sorted()
    }

    /// Reads a theme.
    /// - Parameter nameOrPath: a name as in ``available()``, or the path of a file (with a slash or `.toml` in it).
    func load(_ nameOrPath: String) -> (theme: Theme, issues: [ThemeIssue]) {
        var chain = Chain(loader: self)
        chain.follow(nameOrPath)
        let name =
            Self.isPath(nameOrPath) ? Self.file(at: nameOrPath).deletingPathExtension().lastPathComponent : nameOrPath
        if chain.documents.isEmpty { return (chain.base, chain.issues) }
        let (theme, issues) = ThemeComposer.compose(name: name, documents: chain.documents, base: chain.base)
        return (theme, chain.issues + issues)
    }

    private static func isPath(_ text: String) -> Bool { text.contains("/") || text.hasSuffix(".toml") }

    /// - Parameter folder: what a relative path starts from; `nil` for the working directory.
    private static func file(at path: String, in folder: URL? = nil) -> URL {
        URL(filePath: (path as NSString).expandingTildeInPath, relativeTo: folder).standardizedFileURL
    }

    /// A theme and those it inherits from, up to one that is compiled in.
    private struct Chain {
        let loader: ThemeLoader
        var documents: [ThemeDocument] = []
        var base = Theme.midnight
        var issues: [ThemeIssue] = []
        private var visited: Set<String> = []

        init(loader: ThemeLoader) { self.loader = loader }

        mutating func follow(_ first: String) {
            var next: String? = first
            while let name = next {
                next = nil
                guard let file = find(name) else { return end(at: name) }
                visited.insert(file.path)
                guard let text = read(file) else { return }
                let (document, found) = ThemeDocument.parse(text, file: file.path)
                documents.append(document)
                issues += found
                next = document.inherits
            }
        }

        /// The first file of that name that is not in the chain yet: a user's theme may inherit from its namesake.
        private func find(_ name: String) -> URL? {
            if ThemeLoader.isPath(name) {
                let folder = documents.last.map { URL(filePath: $0.file).deletingLastPathComponent() }
                let file = ThemeLoader.file(at: name, in: folder)
                return visited.contains(file.path) ? nil : file
            }
            return loader.folders.map { $0.appending(path: name + ".toml") }
                .first { !visited.contains($0.path) && FileManager.default.fileExists(atPath: $0.path) }
        }

        /// Ends at a name without a file (any more).
        private mutating func end(at name: String) {
            if let theme = ThemeLoader.builtIn.first(where: { $0.name == name }) {
                base = theme
                return
            }
            let file = documents.last?.file ?? name
            let key = documents.isEmpty ? "" : "inherits"
            let wasVisited = visited.contains { URL(filePath: $0).deletingPathExtension().lastPathComponent == name }
            if wasVisited || ThemeLoader.isPath(name) {
                issues.append(ThemeIssue(file: file, key: key, problem: "\"\(name)\" inherits from itself"))
            } else {
                let names = loader.available()
                let suggestion = ThemeIssue.nearest(to: name, among: names)
                let problem = "there is no theme \"\(name)\"; there are \(names.joined(separator: ", "))"
                issues.append(ThemeIssue(file: file, key: key, problem: problem, suggestion: suggestion))
            }
        }

        private mutating func read(_ file: URL) -> String? {
            do {
                // Anything but an ordinary file might not end, or never begin.
                let path = file.resolvingSymlinksInPath().path
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                guard attributes[.type] as? FileAttributeType == .typeRegular,
                    attributes[.size] as? Int ?? 0 <= ThemeLoader.largestFile
                else { return report(file, "too large for a theme, or no ordinary file") }
                let text = String(validating: try Data(contentsOf: file), as: UTF8.self)
                return text ?? report(file, "not a UTF-8 text")
            } catch {
                return report(file, "cannot be read: \(error.localizedDescription)")
            }
        }

        private mutating func report(_ file: URL, _ problem: String) -> String? {
            issues.append(ThemeIssue(file: file.path, key: "", problem: problem))
            return nil
        }
    }
}
