import Foundation

/// Completes paths as a shell does.
enum PathCompletion {
    private static let limit = 200

    /// Paths that begin with the text, folders with a slash at the end, in alphabetical order.
    static func candidates(for prefix: String, home: String = NSHomeDirectory()) -> [String] {
        let split = prefix.lastIndex(of: "/").map { prefix.index(after: $0) } ?? prefix.startIndex
        let (folder, start) = (prefix[..<split], prefix[split...])
        let expanded = folder.hasPrefix("~/") ? home + folder.dropFirst() : folder.isEmpty ? "." : String(folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: expanded)) ?? []
        let matches = names.filter { $0.hasPrefix(start) && (!$0.hasPrefix(".") || start.hasPrefix(".")) }
        return matches.sorted().prefix(limit).map { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: expanded + "/" + name, isDirectory: &isFolder)
            return folder + name + (isFolder.boolValue ? "/" : "")
        }
    }
}
