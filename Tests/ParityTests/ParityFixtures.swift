import EngineKit
import Foundation
import ModelFormats
import Testing
import Torch

@testable import Core

/// The models and the numbers that PyTorch computed with them: those of `Fixtures`, or of the folder that
/// `VQCLIP_FIXTURES` names, with the same file names.
enum ParityFixtures {
    private static let beside = URL(filePath: #filePath).deletingLastPathComponent()

    static let folder: URL = {
        let named = ProcessInfo.processInfo.environment["VQCLIP_FIXTURES"] ?? ""
        return named.isEmpty ? beside.appending(path: "Fixtures") : URL(filePath: named)
    }()

    /// Whether the folder is the one that comes with the tests.
    static var areOwn: Bool { folder.path == beside.appending(path: "Fixtures").path }

    static func vqgan(_ name: String) throws -> VQGAN {
        try ModelLoader.loadVQGAN(ModelSource(.vqgan, in: model(name)), .cpu)
    }

    static func clip(_ name: String) throws -> CLIP {
        try ModelLoader.loadCLIP(ModelSource(.clip, in: model(name)), .cpu)
    }

    static func model(_ name: String) throws -> ModelFolder { try ModelFolder(folder.appending(path: name).path) }

    static func expected(_ name: String) throws -> FileStateDict {
        try FileStateDict(path: folder.appending(path: "\(name).expected.safetensors").path)
    }

    /// What PyTorch computes with the very bytes of the `clip-rn.pt` that comes with the tests.
    static func stored() throws -> FileStateDict {
        try FileStateDict(path: beside.appending(path: "clip-rn.stored.safetensors").path)
    }
}

/// Compares tensors with those of a file, and knows in the end whether any was left out.
final class Comparison {
    private let name: String
    let file: FileStateDict
    private var open: Set<String>

    init(_ name: String, _ file: FileStateDict) {
        self.name = name
        self.file = file
        open = Set(file.keys)
    }

    /// Takes a tensor as an input.
    func given(_ key: String) throws -> Tensor {
        open.remove(key)
        return try file.tensor(key)
    }

    /// ‖ours − theirs‖ / ‖theirs‖, which is also printed.
    func error(of ours: Tensor, _ key: String) throws -> Double {
        let error = try relativeError(ours, given(key))
        print("parity \(name) \(key) \(error)")
        return error
    }

    func check(_ ours: Tensor, _ key: String) throws { #expect(try error(of: ours, key) <= 1e-4, "\(name) \(key)") }

    /// Checks that all tensors of the file were looked at.
    func finish() { #expect(open.isEmpty, "\(name) has more: \(open.sorted())") }
}

/// ‖ours − reference‖ / ‖reference‖.
func relativeError(_ ours: Tensor, _ reference: Tensor) throws -> Double {
    try #require(ours.shape == reference.shape)
    return try (ours - reference).norm().item() / max(reference.norm().item(), 1e-30)
}
