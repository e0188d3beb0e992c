import Foundation
import Testing
import Torch

@testable import Core

/// Files of the tests and of the built-in pair.
enum Fixtures {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()

    static var builtIn: URL {
        tests.deletingLastPathComponent().deletingLastPathComponent().appending(path: "models/built-in")
    }

    static func open(_ name: String) throws -> FileStateDict {
        try FileStateDict(path: tests.appending(path: "Fixtures/\(name)").path)
    }
}

/// ‖ours − reference‖ / ‖reference‖.
func relativeError(_ ours: Tensor, _ reference: Tensor) throws -> Double {
    try #require(ours.shape == reference.shape)
    return try (ours - reference).norm().item() / max(reference.norm().item(), 1e-30)
}
