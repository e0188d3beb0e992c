import Foundation
import Media
import Testing
import Torch

@testable import Training

/// A folder of small captioned pictures, gone with the object.
final class TrainingFixture {
    let root: URL
    var data: URL { root.appending(path: "pictures") }
    var output: URL { root.appending(path: "model") }

    init() throws {
        // Small operations gain nothing from more, and wait for each other on a busy machine.
        try Runtime.setThreadCount(1)
        root = FileManager.default.temporaryDirectory.appending(path: "training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    static let colours: [(name: String, rgb: [UInt8])] = [
        ("red", [220, 40, 30]), ("green", [40, 180, 60]), ("blue", [40, 70, 210]), ("yellow", [230, 210, 50]),
    ]
    static let shapes = ["disc", "bar", "frame", "corner"]

    /// A shape of a colour on grey.
    static func picture(_ colour: Int, _ shape: Int, side: Int = 64) throws -> RGBImage {
        var pixels = [UInt8](repeating: 90, count: side * side * 3)
        for y in 0..<side {
            for x in 0..<side {
                let (u, v) = (Double(x) / Double(side) - 0.5, Double(y) / Double(side) - 0.5)
                let isInside =
                    switch shape {
                    case 0: u * u + v * v < 0.1
                    case 1: abs(v) < 0.12
                    case 2: max(abs(u), abs(v)) > 0.3
                    default: u > 0 && v > 0
                    }
                if isInside {
                    pixels.replaceSubrange((y * side + x) * 3..<(y * side + x) * 3 + 3, with: colours[colour].rgb)
                }
            }
        }
        return try #require(RGBImage(width: side, height: side, pixels: pixels))
    }

    /// Slow waves of colour, another direction for every colour and picture.
    static func waves(_ index: Int, side: Int = 64) throws -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<side {
            for x in 0..<side {
                let (u, v) = (Double(x) / Double(side), Double(y) / Double(side))
                for colour in 0..<3 {
                    let angle = Double(index * 3 + colour * 5)
                    let phase = 2 * Double.pi * (u * cos(angle) + v * sin(angle)) + angle
                    pixels.append(UInt8(128 + 100 * sin(phase)))
                }
            }
        }
        return try #require(RGBImage(width: side, height: side, pixels: pixels))
    }

    /// Writes all 16 pairs of colour and shape, or the first of them, with captions beside them.
    func writePictures(_ count: Int = 16, side: Int = 64) throws {
        for index in 0..<count {
            let (colour, shape) = (index % 4, index / 4)
            try write(Self.picture(colour, shape, side: side), "p\(index).png")
            try write("a \(Self.colours[colour].name) \(Self.shapes[shape])", "p\(index).txt")
        }
    }

    func write(_ image: RGBImage, _ name: String) throws { try Data(PNGWriter.encode(image)).write(to: url(name)) }

    func write(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: url(name)) }

    private func url(_ name: String) throws -> URL {
        let url = data.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        return url
    }

    func options(_ kind: TrainingKind, steps: Int) throws -> TrainingOptions {
        var options = TrainingOptions(kind: kind, data: data.path, preset: try .named("tiny", kind))
        options.steps = steps
        options.perceptual = "none"
        options.adversaryFrom = 1
        options.attackFrom = 1
        return options
    }

    /// Runs a training and returns its events.
    @discardableResult func train(
        _ options: TrainingOptions,
        to output: URL? = nil,
        intervals: TrainingRun.Intervals = .init(),
        stopAfter last: Int = .max,
        trainer: ((TrainingSet) throws -> any Trainer)? = nil
    ) throws -> [TrainingEvent] {
        var events: [TrainingEvent] = []
        var step = 0
        let run = try TrainingRun(
            options,
            places: .init(output: output ?? self.output, cache: root.appending(path: "cache")),
            intervals: intervals,
            device: .cpu,
            threads: 2,
            report: { event in
                events.append(event)
                if case .step(let report) = event { step = report.step }
            },
            isInterrupted: { step >= last }
        )
        run.trainerMaker = trainer
        let ending = try run.run()
        #expect(ending == (step >= last ? .interrupted : .done))
        return events
    }

    func set(_ usable: Int? = nil, side: Int = 64) throws -> TrainingSet {
        let packed = try packed(side: side)
        return TrainingSet(packed, usable: Array(0..<(usable ?? packed.count)), seed: 3)
    }

    func packed(side: Int = 64) throws -> PackedPictures {
        try PackedPictures.open(
            CaptionedFolder(data).files,
            in: data,
            side: side,
            cache: root.appending(path: "cache"),
            threads: 2,
            progress: { _ in },
            isCancelled: { false }
        )
    }
}

extension [TrainingEvent] {
    var notes: [String] { compactMap { if case .note(let text) = $0 { text } else { nil } } }
    var losses: [Double] { compactMap { if case .step(let report) = $0 { report.losses[0].value } else { nil } } }
    var evaluations: [TrainingEvaluation] { compactMap { if case .evaluated(let value) = $0 { value } else { nil } } }
    var data: DataSummary? { lazy.compactMap { if case .data(let summary) = $0 { summary } else { nil } }.first }

    /// The last value of a measure.
    func measure(_ name: String) -> Double? { evaluations.last?.measures.first { $0.name == name }?.value }
}

/// A tensor of float32 from numbers.
func floats(_ values: [Float], _ shape: [Int]) throws -> Tensor { try Tensor(values, shape: shape) }
