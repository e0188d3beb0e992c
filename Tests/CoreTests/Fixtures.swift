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

    /// Where a small model of the parity tests is.
    static func modelPath(_ name: String) -> String {
        tests.deletingLastPathComponent().appending(path: "ParityTests/Fixtures/\(name)").path
    }

    /// A small model of the parity tests; what only the training of a VQGAN needs is left out.
    static func model(_ name: String) throws -> [String: Tensor] {
        let file = try FileStateDict(path: modelPath(name))
        var tensors: [String: Tensor] = [:]
        for key in file.keys where !key.hasPrefix("loss.") { tensors[key] = try file.tensor(key) }
        return tensors
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
