import EngineKit
import Foundation
import Testing

@Suite("Settings")
struct RunSettingsTests {
    private static func settings(_ random: inout SeededRandom) -> RunSettings {
        var settings = RunSettings()
        settings.size = PictureSize(Int.random(in: 1...4000, using: &random), Int.random(in: 1...4000, using: &random))
        settings.steps = Int.random(in: 1...1_000_000, using: &random)
        settings.seed = random.next()
        settings.optimizer = OptimizerKind.allCases.randomElement(using: &random) ?? .adam
        settings.learningRate = Double.random(in: 1e-6...10, using: &random)
        settings.rateSchedule = RateSchedule.allCases.randomElement(using: &random) ?? .constant
        settings.cuts = Int.random(in: 1...1024, using: &random)
        settings.cutPower = Double.random(in: 0.05...20, using: &random)
        settings.cutMethod = CutMethod.allCases.randomElement(using: &random) ?? .latest
        let count = Int.random(in: 0...4, using: &random)
        settings.augmentations = Array(Augmentation.allCases.shuffled(using: &random).prefix(count))
        settings.noise = Double.random(in: 0...1, using: &random)
        settings.noiseEnd = Double.random(in: 0...1, using: &random)
        settings.averageDecay = Double.random(in: 0...0.999, using: &random)
        let starts: [StartPicture] = [.codes, .noise, .smooth, .gradient, .sketch, .image(path: "a b/Codes.png")]
        settings.start = starts.randomElement(using: &random) ?? .codes
        settings.microBatch = Int.random(in: 0...1024, using: &random)
        settings.previewEvery = Int.random(in: 1...100_000, using: &random)
        return settings
    }

    @Test func everyKeyReadsBackWhatItWrites() throws {
        var random = SeededRandom(seed: 4)
        for _ in 0..<300 {
            let settings = Self.settings(&random)
            var copy = RunSettings()
            for key in SettingKey.allCases { try copy.set(key, to: settings.value(of: key)) }
            #expect(copy == settings)
            let values = SettingKey.allCases.map { ($0, settings.value(of: $0)) }
            var applied = RunSettings()
            try applied.apply(Dictionary(uniqueKeysWithValues: values))
            #expect(applied == settings)
            let data = try JSONEncoder().encode(settings)
            #expect(try JSONDecoder().decode(RunSettings.self, from: data) == settings)
        }
    }

    @Test func differencesAreTheKeysThatDifferInTheirOrder() throws {
        var settings = RunSettings()
        #expect(settings.differences(from: RunSettings()).isEmpty)
        try settings.set(.previewEvery, to: "7")
        try settings.set(.size, to: "64x32")
        try settings.set(.noiseEnd, to: "0")
        #expect(settings.differences(from: RunSettings()) == [.size, .noiseEnd, .previewEvery])
        var random = SeededRandom(seed: 5)
        for _ in 0..<100 {
            let (a, b) = (Self.settings(&random), Self.settings(&random))
            var patched = a
            for key in b.differences(from: a) { try patched.set(key, to: b.value(of: key)) }
            #expect(patched == b)
        }
    }

    @Test(arguments: [
        (SettingKey.steps, "1", "1000000"), (.learningRate, "0.000001", "10"), (.cuts, "1", "1024"),
        (.cutPower, "0.05", "20"), (.noise, "0", "1"), (.noiseEnd, "0", "1"), (.average, "0", "0.999"),
        (.microBatch, "0", "1024"), (.previewEvery, "1", "100000"), (.seed, "0", "18446744073709551615"),
        (.size, "1x1", "1000000x1000000"),
    ])
    func theEndsOfARangeBelongToIt(key: SettingKey, low: String, high: String) throws {
        var settings = RunSettings()
        try settings.set(key, to: low)
        let first = settings.value(of: key)
        try settings.set(key, to: "  \(high)\n")
        #expect(settings.value(of: key) == high)
        #expect(first != high)
    }

    @Test(arguments: [
        (SettingKey.steps, ["0", "1000001", "-1", "1.5", "", "many", "99999999999999999999"], "1 to 1000000"),
        (.learningRate, ["0", "10.5", "-1", "nan", "inf", "", "fast"], "1e-06 to 10"),
        (.cuts, ["0", "1025"], "1 to 1024"), (.cutPower, ["0.04", "21", "nan"], "0.05 to 20"),
        (.noise, ["-0.1", "1.1", "nan"], "0 to 1"), (.noiseEnd, ["-0.1", "2"], "0 to 1"),
        (.average, ["1", "-0.1"], "0 to 0.999"), (.microBatch, ["-1", "1025"], "0 to 1024"),
        (.previewEvery, ["0", "100001"], "1 to 100000"),
        (.seed, ["-1", "18446744073709551616", "1.0", ""], "0 to 18446744073709551615"),
        (.size, ["", "x", "0x10", "10x0", "axb", "1x2x3", "-8x8", "1000001x1", "8.5x8"], "192x128"),
        (.optimizer, ["", "sgd"], "adam, adamw, adagrad, adamax, diffgrad, adamp, radam or rmsprop"),
        (.rateSchedule, ["", "linear"], "constant, or cooling"),
        (.cutMethod, ["", "best"], "latest, original, updated, nrupdated, updatedpooling or overview"),
        (.augmentations, ["Af Xx", "none Af"], "Af Pe Ji Er Sh Gn Ro Et Ts Cr Re Hf; or none"),
        (.start, ["", "  "], "codes, noise, smooth, gradient, sketch or the path of a picture"),
    ])
    func errorsNameTheKeyTheValueAndWhatIsAccepted(key: SettingKey, values: [String], accepted: String) {
        for value in values {
            var settings = RunSettings()
            let error = #expect(throws: SettingError.self, "\(key) \(value)") { try settings.set(key, to: value) }
            #expect(error?.key == key.rawValue)
            #expect(error?.message.contains(accepted) == true, "\(String(describing: error))")
            #expect(error?.description.hasPrefix("\(key.rawValue): ") == true)
            #expect(settings == RunSettings(), "a refused value changes nothing")
        }
    }

    @Test func peopleMayWriteValuesInTheirOwnWay() throws {
        var settings = RunSettings()
        for text in ["192x128", "192 128", "192×128", "192,128", "192X128"] {
            try settings.set(.size, to: text)
            #expect(settings.size == PictureSize(192, 128))
        }
        try settings.set(.size, to: "96")
        #expect(settings.size == PictureSize(96, 96))
        try settings.set(.augmentations, to: "af, Pe+JI")
        #expect(settings.augmentations == [.affine, .perspective, .jitter])
        try settings.set(.augmentations, to: "None")
        #expect(settings.augmentations.isEmpty)
        try settings.set(.optimizer, to: "AdamW")
        #expect(settings.optimizer == .adamw)
        try settings.set(.start, to: "Random")
        #expect(settings.start == .codes)
    }

    @Test func applyingStopsAtTheFirstBadValueInTableOrder() {
        var settings = RunSettings()
        let error = #expect(throws: SettingError.self) { try settings.apply([.noise: "9", .cuts: "0", .steps: "5"]) }
        #expect(error?.key == "cuts")
        #expect(settings.steps == 5)
    }

    @Test(arguments: SettingKey.allCases)
    func everyKeyIsExplained(key: SettingKey) throws {
        #expect(!key.help.isEmpty)
        #expect(!key.title.isEmpty)
        for choice in key.choices ?? [] {
            var settings = RunSettings()
            try settings.set(key, to: choice)
            #expect(settings.value(of: key) == choice)
        }
    }

    @Test func whatNeedsANewRunIsNotLive() {
        #expect(SettingKey.allCases.filter { !$0.isLive } == [.size, .seed, .optimizer, .start])
    }
}
