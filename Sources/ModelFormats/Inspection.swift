public import Foundation
public import WeightFiles

/// What there is to say of a weight file without running or loading anything of it.
public struct Inspection: Sendable, Encodable {
    /// Tensors that a run leaves out.
    public struct Ignored: Sendable, Hashable, Encodable {
        public let what: String
        public let tensors: Int
        public let bytes: Int
    }

    public struct Bytes: Sendable, Hashable, Encodable {
        /// The file's size.
        public var file: Int
        /// Of the tensors that the model has.
        public var useful = 0
        /// Of those that a run needs which turns no picture into codes.
        public var decoder: Int?
    }

    public let path: String
    public let format: WeightFileFormat
    /// `nil` for a file that is no model; then ``problem`` says why.
    public private(set) var kind: ModelFiles.Kind?
    public private(set) var problem: String?
    public private(set) var layout: String?
    public private(set) var vqgan: VQGANShape?
    public private(set) var clip: CLIPShape?
    /// OpenAI's model of the same architecture.
    public private(set) var name: String?
    /// Of a CLIP: what its transformers compute with, and whether that had to be assumed.
    public private(set) var activation: String?
    public private(set) var parameters = 0
    /// Number types of the model's tensors.
    public private(set) var types: [String] = []
    public private(set) var bytes: Bytes
    public private(set) var ignored: [Ignored] = []
    /// Classes that a checkpoint names, for which inert stand-ins were used.
    public let standIns: [String]
    /// Contradictions with a description beside the file, and assumptions.
    public private(set) var warnings: [String] = []
    /// Text stored beside the tensors, such as the epoch; long values are left out.
    public let metadata: [String: String]

    private enum CodingKeys: String, CodingKey {
        case path, format, kind, problem, layout, vqgan, clip, name, activation, parameters, types, bytes, ignored
        case standIns = "stand_ins"
        case warnings, metadata
    }

    public init(_ file: WeightFile) {
        path = file.path
        format = file.format
        bytes = Bytes(file: file.fileSize)
        standIns = file.standIns
        metadata = file.metadata.filter { $0.value.utf8.count <= 200 }
        ignored = file.other.map { Ignored(what: $0.name, tensors: $0.tensors, bytes: $0.bytes) }
        do throws(ModelFormatError) {
            describe(try RecognizedModel(file), file)
        } catch {
            problem = error.description
        }
    }

    private mutating func describe(_ model: RecognizedModel, _ file: WeightFile) {
        layout = model.layout.rawValue
        let used = model.sources.values.flatMap(\.names).compactMap(file.info)
        parameters = used.reduce(0) { $0 + $1.elementCount }
        bytes.useful = used.reduce(0) { $0 + $1.byteCount }
        types = Set(used.map(\.type.rawValue)).sorted()
        let folder = URL(filePath: path).deletingLastPathComponent()
        switch model.architecture {
        case .vqgan(let shape):
            (kind, vqgan) = (.vqgan, shape)
            bytes.decoder = model.sources.filter { !model.isOfEncoder($0.key) }.values.flatMap(\.names)
                .compactMap(file.info).reduce(0) { $0 + $1.byteCount }
        case .clip(let shape):
            (kind, clip, name) = (.clip, shape, shape.openAIName)
            let description = model.description(of: shape, in: folder)
            activation = description.imageActivation.rawValue
        }
        warnings = model.warnings(beside: URL(filePath: path))
        for reason in IgnoredReason.allCases {
            let keys = model.ignored.filter { $0.value == reason }.keys.compactMap(file.info)
            guard !keys.isEmpty else { continue }
            let size = keys.reduce(0) { $0 + $1.byteCount }
            ignored.append(Ignored(what: reason.rawValue, tensors: keys.count, bytes: size))
        }
    }
}

extension RecognizedModel {
    /// What the files beside a CLIP say of it.
    public func description(of shape: CLIPShape, in folder: URL) -> CLIPDescription {
        let marks = ["input_resolution", "context_length", "vocab_size"].map { prefix + $0 }
        let isOpenAIs = layout == .openAI && marks.allSatisfy { ignored[$0] == .size }
        return CLIPDescription(of: shape, in: folder, isOpenAIs: isOpenAIs)
    }

    /// What is odd about the model, in lines: contradictions with the description beside its file, and assumptions.
    /// - Parameter file: the weight file.
    public func warnings(beside file: URL) -> [String] {
        let folder = file.deletingLastPathComponent()
        switch architecture {
        case .vqgan(let shape):
            let stem = file.deletingPathExtension()
            let descriptions = [stem.appendingPathExtension("yaml"), folder.appending(path: "model.yaml")]
            guard let description = descriptions.first(where: SideFile.exists) else { return [] }
            return VQGANDescription.contradictions(of: shape, with: description)
        case .clip(let shape):
            guard shape.tower == .transformer || shape.tower == .resNet else { return [] }
            let description = description(of: shape, in: folder)
            let assumption =
                "nothing beside the CLIP says which GELU it has; QuickGELU is assumed, as in OpenAI's models"
            return description.warnings + (description.isAssumed ? [assumption] : [])
        }
    }
}
