import EngineKit
import Foundation
import Media
import WeightFiles

/// Writes the chosen tensors of one weight file as safetensors, one after the other.
struct WeightImport {
    let weights: ImportSource.Weights
    let options: ImportOptions
    let observer: ModelObserver

    private var file: WeightFile { weights.file }
    private var name: String { URL(filePath: file.path).lastPathComponent }

    /// - Parameters:
    ///   - folder: where the file is written.
    ///   - origin: of a downloaded file, whose sum is known by now.
    func write(into folder: URL, origin: DownloadedFile?) throws(EngineFailure) {
        let provenance = try provenance(origin)
        guard let note = try? JSONEncoder().encode(provenance) else { return }
        var metadata = file.metadata.filter { $0.key == "config" }
        metadata["format"] = "pt"
        metadata[SafetensorsMetadata.provenanceKey] = String(decoding: note, as: UTF8.self)
        let path = folder.appending(path: weights.selection.kind.weightFile).path
        do {
            try write(to: path, metadata)
        } catch let failure as EngineFailure {
            throw failure
        } catch let error as FileWriteError {
            throw error.failure
        } catch let error as WeightFileError {
            throw EngineFailure(.model, error.summary, hint: error.hint)
        } catch {
            throw EngineFailure(.model, "\(file.path): \(error)", hint: "choose another file")
        }
    }

    private func provenance(_ origin: DownloadedFile?) throws(EngineFailure) -> Provenance {
        var meter = TransferMeter()
        let total = Int64(file.fileSize)
        let sum: String?
        if let origin {
            sum = origin.sha256
        } else {
            sum = try SHA256.sum(ofFile: file.path) { done in
                if let rate = meter.measure(done) {
                    observer.report(
                        .progress(ModelProgress(.checking, file: name, done: done, total: total, bytesPerSecond: rate))
                    )
                }
                return !observer.isCancelled()
            }
        }
        guard let sum else { throw stopped }
        let types = Set(weights.selection.tensors.values.compactMap { file.info($0)?.type })
            .map { WeightConversion.kept($0, isHalf: options.isHalf).rawValue }
        return Provenance(
            source: name,
            url: origin?.url,
            sha256: sum,
            bytes: total,
            isVerified: origin?.isVerified ?? false,
            imported: Date.now.formatted(.iso8601),
            tool: options.tool,
            architecture: weights.selection.architecture,
            type: Set(types).sorted().joined(separator: ", ")
        )
    }

    private func write(to path: String, _ metadata: [String: String]) throws {
        var kept: [String: TensorInfo] = [:]
        for (name, key) in weights.selection.tensors {
            guard let info = file.info(key) else { continue }
            kept[name] = TensorInfo(type: WeightConversion.kept(info.type, isHalf: options.isHalf), shape: info.shape)
        }
        let writer = SafetensorsWriter(kept, metadata: metadata)
        let output = try OutputFile(path)
        let total = Int64(writer.fileSize)
        var meter = TransferMeter()
        try writer.write(to: { try output.append($0) }) { name, info, sink in
            guard !observer.isCancelled() else { throw stopped }
            guard let key = weights.selection.tensors[name], let type = file.info(key)?.type else { return }
            let bytes = WeightConversion.convert(try file.read(key), from: type, to: info.type)
            guard let bytes else {
                throw EngineFailure(
                    .model,
                    "\(file.path): \(key) has numbers that \(info.type.rawValue) cannot hold",
                    hint: options.isHalf ? "import it without --half" : "choose another file"
                )
            }
            try bytes.withUnsafeBytes { try sink($0) }
            if let rate = meter.measure(output.count) {
                let done = output.count
                observer.report(
                    .progress(
                        ModelProgress(.importing, file: self.name, done: done, total: total, bytesPerSecond: rate)
                    )
                )
            }
        }
        try output.finish()
    }

    private var stopped: EngineFailure {
        EngineFailure(.cancelled, "stopped while importing \(name)", hint: "the same command starts the import anew")
    }
}

/// A new file that is written from its beginning to its end.
private final class OutputFile {
    private let path: String
    private let descriptor: Int32
    private(set) var count: Int64 = 0

    init(_ path: String) throws(FileWriteError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileWriteError(code: errno, path: path) }
    }

    deinit { close(descriptor) }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileWriteError) {
        var written = 0
        while written < bytes.count, let start = bytes.baseAddress {
            let result = Glibc.write(descriptor, start + written, bytes.count - written)
            if result > 0 {
                written += result
            } else if result == 0 || errno != EINTR {
                throw FileWriteError(code: result == 0 ? ENOSPC : errno, path: path)
            }
        }
        count += Int64(bytes.count)
    }

    /// Brings everything to the disk.
    func finish() throws(FileWriteError) {
        guard fsync(descriptor) == 0 else { throw FileWriteError(code: errno, path: path) }
    }
}
