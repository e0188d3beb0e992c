import EngineKit
import Foundation
import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct ModelsSketchbookTests {
    private let pair: ModelPair
    private let book: Sketchbook

    init() throws {
        let path = Fixtures.builtIn.path
        pair = try ModelLoader.load(
            ModelChoice(vqgan: path, clip: path),
            device: .cpu,
            progress: { _ in },
            isCancelled: { false }
        )
        book = try #require(pair.sketches).book
    }

    private func choose(_ texts: [(String, Double)], seed: UInt64 = 0) throws -> SketchChoice {
        let features = try pair.clip.textFeatures(of: texts.map { $0.0 }).features
        return try book.choose(texts: texts.map { (text: $0.0, weight: $0.1) }, textFeatures: features, seed: seed)
    }

    @Test func moonOverPinesIsFound() throws {
        for seed in UInt64(0)..<5 {
            let caption = try choose([("a full moon over pines", 1)], seed: seed).caption
            #expect(caption.contains("full moon"))
            if seed == 0 { #expect(caption.contains("pine")) }
        }
    }

    @Test(
        arguments: [
            ("a lighthouse in a storm", "lighthouse"), ("a castle by the sea at sunset", "castle"),
            ("a red dragon at night", "dragon"), ("a golden crown", "crown"),
        ]
    ) func theSubjectCountsForMoreThanThePlace(prompt: String, subject: String) throws {
        for seed in UInt64(0)..<3 { #expect(try choose([(prompt, 1)], seed: seed).caption.contains(subject)) }
    }

    private func plan(_ text: String, seed: UInt64 = 0) throws -> SketchPlan {
        let features = try pair.clip.textFeatures(of: [text]).features
        return try book.plan(texts: [(text: text, weight: 1)], textFeatures: features, seed: seed)
    }

    @Test(
        arguments: [
            ("a red dragon over snowy mountains at night", "dragon", "mountains", true),
            ("a gray wolf in a snowy pine forest", "wolf", "pine", false),
        ]
    ) func anObjectIsPutIntoAScene(prompt: String, thing: String, place: String, inTheAir: Bool) throws {
        var plans: Set<[Int]> = []
        for seed in UInt64(0)..<4 {
            guard case .blend(let object, let scene, let above) = try plan(prompt, seed: seed) else {
                Issue.record("no blend for seed \(seed)")
                continue
            }
            #expect(object.caption.contains(thing) && !object.caption.contains(place))
            #expect(scene.caption.contains(place) && !scene.caption.contains(thing))
            #expect(above == inTheAir)
            plans.insert([object.index, scene.index])
            guard case .blend(let again, let there, _) = try plan(prompt, seed: seed) else { continue }
            #expect(again.index == object.index && there.index == scene.index)
        }
        #expect(plans.count > 1)
    }

    @Test(arguments: ["a full moon over pines", "a castle by the sea at sunset", "a cat", "xyzzy", ""])
    func whatOneSketchHasIsNotBlended(prompt: String) throws {
        guard case .one(let choice) = try plan(prompt) else {
            Issue.record("blended")
            return
        }
        let best = try choose([(prompt, 1)]).index
        #expect(choice.index == best)
    }

    @Test func choiceIsDeterministicAndFollowsTheSeed() throws {
        let prompt = [("a lighthouse by the sea", 1.0)]
        let choices = try (UInt64(0)..<20).map { try choose(prompt, seed: $0) }
        #expect(try (UInt64(0)..<20).map { try choose(prompt, seed: $0).index } == choices.map(\.index))
        let different = Set(choices.map(\.index)).count
        #expect((2...5).contains(different))
        #expect(choices[0].score == choices.map(\.score).max())
        #expect(try choose(prompt, seed: .max).index == choices[Int(UInt64.max % UInt64(different))].index)
        // None is much worse than the best.
        #expect(choices.allSatisfy { $0.score >= 0.85 * choices[0].score })
    }

    @Test func heavierTextWins() throws {
        let cat = try choose([("a cat", 1), ("a castle", 0.1)])
        #expect(cat.caption.contains("cat") && !cat.caption.contains("castle"))
        #expect(try choose([("a cat", 0.1), ("a castle", 1)]).caption.contains("castle"))
    }

    @Test func negativeTextPushesAway() throws {
        let with = try choose([("an apple", 1), ("red", 0.6)])
        #expect(with.caption.contains("apple") && with.caption.contains("red"))
        for seed in UInt64(0)..<5 {
            let without = try choose([("a red apple", 1), ("red", -1)], seed: seed)
            #expect(without.caption.contains("apple") && !without.caption.contains("red"))
        }
    }

    @Test func anyTextFindsSomething() throws {
        for text in ["", "xyzzy", "東京"] { #expect(try choose([(text, 1)]).codes.shape == [1, 16, 16]) }
    }

    @Test func codesMakeAPictureThatCLIPRecognises() throws {
        let choice = try choose([("a full moon over pines", 1)])
        let picture = try (pair.vqgan.decode(pair.vqgan.embed(codes: choice.codes)) + 1) / 2
        #expect(picture.shape == [1, 3, 128, 128])
        let seen = try pair.clip.imageFeatures(picture.averagePooled(2)).normalized()
        let texts = try pair.clip.textFeatures(of: ["a full moon over pines", "a red bus", "a bowl of fruit"]).features
        #expect(try texts.normalized().matmul(seen.reshaped([-1, 1])).argmax(0).integers() == [0])
    }

    @Test func captionsAreRankedByTheRarestWords() {
        let index = CaptionIndex(["a red house", "a red boat", "a red tree", "two boats at sea"])
        var scores = [Double](repeating: 0, count: 4)
        index.add(to: &scores, likenessTo: "a red boat", times: 1)
        #expect(abs(scores[1] - 1) < 1e-9)
        #expect(scores[3] > scores[0])
        index.add(to: &scores, likenessTo: "a red boat", times: -1)
        #expect(scores.allSatisfy { abs($0) < 1e-9 })
    }
}
