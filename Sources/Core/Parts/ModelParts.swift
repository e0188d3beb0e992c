public import EngineKit
import ModelFormats
public import Tokenizers
public import Torch

/// Models by themselves, to measure, embed, encode and decode instead of painting. Only what is asked for is loaded.
public enum ModelParts {
    /// Prepares libtorch for the thread that the models are used on.
    /// - Parameter threads: CPU threads of one operation; `nil` for as many as there are cores.
    public static func prepare(threads: Int?) throws(EngineFailure) {
        guard let threads, (try? Runtime.setThreadCount(threads)) == nil else { return }
        throw EngineFailure(.settings, "\(threads) threads cannot be used", hint: "use fewer")
    }

    /// The CLIPs of a notation such as `A | B:0.5`; their weights do not matter here.
    /// - Throws: ``EngineFailure`` with one line that names the file and what to do.
    public static func clips(_ notation: String, device: Device) throws(EngineFailure) -> [CLIPMeter] {
        try CLIPChoice.parse(notation).map { (choice) throws(EngineFailure) in
            let clip = try ModelLoader.loadCLIP(ModelSource(.clip, in: ModelFolder(choice.model)), device)
            return CLIPMeter(name: choice.model, clip: clip, device: device)
        }
    }

    /// - Throws: ``EngineFailure`` with one line that names the file and what to do.
    public static func vqgan(_ name: String, device: Device) throws(EngineFailure) -> VQGANCoder {
        let vqgan = try ModelLoader.loadVQGAN(ModelSource(.vqgan, in: ModelFolder(name)), device)
        return VQGANCoder(name: name, vqgan: vqgan, device: device)
    }

    /// The tokenizers of the CLIPs of a notation, without the CLIPs themselves.
    /// - Throws: ``EngineFailure`` with one line that names the file and what to do.
    public static func tokenizers(
        _ notation: String
    ) throws(EngineFailure) -> [(clip: String, tokenizer: any Tokenizer)] {
        try CLIPChoice.parse(notation).map { (choice) throws(EngineFailure) in
            (choice.model, try ModelLoader.loadTokenizer(ModelFolder(choice.model)))
        }
    }
}
