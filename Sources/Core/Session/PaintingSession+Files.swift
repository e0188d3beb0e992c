public import EngineKit
import Media

/// What a session writes.
extension PaintingSession {
    /// Seconds between the automatic checkpoints that survive a crash.
    private static let autosaveSeconds = 20.0

    public mutating func savePicture(path: String?) throws -> SavedFile {
        guard let run, let models, let frame = try frame(isExact: true), let image = RGBImage(frame) else {
            throw EngineFailure(.other, "there is no picture yet", hint: "start a run")
        }
        let text = PictureMetadata.text(for: run, models: models)
        let bytes = try PNGWriter.encode(image, text: text)
        return try save(bytes, .picture, path, stem: Self.stem(run.step), extension: "png", run)
    }

    public mutating func saveCheckpoint(path: String?) throws -> SavedFile {
        guard let run, let models else { throw EngineFailure(.other, "there is no run to save", hint: "start one") }
        let bytes = try RunCheckpoint(of: run, models: models.choice).encode()
        return try save(
            bytes,
            .checkpoint,
            path,
            stem: Self.stem(run.step),
            extension: RunCheckpoint.fileExtension,
            run
        )
    }

    private mutating func save(
        _ bytes: [UInt8],
        _ kind: SavedFile.Kind,
        _ path: String?,
        stem: String,
        extension pathExtension: String,
        _ run: PaintingRun
    ) throws -> SavedFile {
        if let path {
            try AtomicFile.write(bytes, to: path, overwrite: true)
            savedStep = run.step
            return SavedFile(kind: kind, path: path, step: run.step)
        }
        let written = try AtomicFile.writeUnique(bytes, folder: run.folder, stem: stem, extension: pathExtension)
        savedStep = run.step
        return SavedFile(kind: kind, path: written, step: run.step)
    }

    private static func stem(_ step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// Writes the checkpoint that a crash or a power cut leaves behind, over the previous one of this run alone: a run
    /// that goes on from an older checkpoint of the folder leaves what the first one reached. A failure is said once and
    /// does not stop a run.
    mutating func autosaveIfDue() {
        guard ContinuousClock.now - lastAutosave > .seconds(Self.autosaveSeconds) else { return }
        autosave()
    }

    mutating func autosave() {
        guard let run, let models else { return }
        lastAutosave = .now
        do {
            let bytes = try RunCheckpoint(of: run, models: models.choice).encode()
            if let autosavePath {
                try AtomicFile.write(bytes, to: autosavePath, overwrite: true)
            } else {
                autosavePath = try AtomicFile.writeUnique(
                    bytes,
                    folder: run.folder,
                    stem: "autosave",
                    extension: RunCheckpoint.fileExtension
                )
            }
            savedStep = run.step
            autosaveFailed = false
        } catch {
            if !autosaveFailed { note("no automatic checkpoint: \(EngineFailure(describing: error))") }
            autosaveFailed = true
        }
    }
}
