import EngineKit
import Testing
import Torch

@testable import Core

@Suite(.serialized, .leavesNothingAlive) struct CutoutTests {
    private func settings(_ method: CutMethod) -> RunSettings {
        var settings = RunSettings()
        settings.cutMethod = method
        settings.size = PictureSize(96, 64)
        return settings
    }

    private func plans(_ method: CutMethod, count: Int = 8, step: Int = 5) -> [CutoutPlan] {
        let settings = settings(method)
        let planner = CutoutPlanner(
            recipe: CutoutRecipe(settings),
            size: settings.size,
            resolution: 32,
            noise: settings.noise
        )
        return planner.plans(seed: 7, step: step, count: count)
    }

    private func cutouts(_ method: CutMethod, of picture: Tensor, _ plans: ArraySlice<CutoutPlan>) throws -> Tensor {
        let sampler = CutoutSampler(recipe: CutoutRecipe(settings(method)), resolution: 32)
        let sources = try sampler.sources(of: picture, plans: Array(plans))
        return try sampler.cutouts(of: plans, from: sources, colorOrder: [2, 0, 3, 1])
    }

    @Test(arguments: CutMethod.allCases) func theDrawsDependOnStepAndNotOnTheirNumber(method: CutMethod) {
        let few = plans(method, count: 3)
        #expect(few == Array(plans(method, count: 8).prefix(3)))
        #expect(few != plans(method, count: 3, step: 6))
    }

    @Test(arguments: CutMethod.allCases) func cutoutsHaveTheirShapeAndRange(method: CutMethod) throws {
        let picture = try Tensor.uniform([1, 3, 64, 96], seed: 1)
        var plans = plans(method)
        for index in plans.indices { plans[index].noise = 0 }
        let result = try cutouts(method, of: picture, plans[...])
        #expect(result.shape == [8, 3, 32, 32])
        let values = try result.floats()
        let slack: Float = method == .overview ? 0.15 : 1e-5
        #expect(values.allSatisfy { $0 >= -slack && $0 <= 1 + slack })
    }

    @Test func anyRangeOfPlansGivesTheSameCutouts() throws {
        let picture = try Tensor.uniform([1, 3, 64, 96], seed: 1)
        for method in CutMethod.allCases {
            let plans = plans(method)
            let sampler = CutoutSampler(recipe: CutoutRecipe(settings(method)), resolution: 32)
            let sources = try sampler.sources(of: picture, plans: plans)
            let whole = try sampler.cutouts(of: plans[...], from: sources, colorOrder: [0, 1, 2, 3])
            let first = try sampler.cutouts(of: plans[..<3], from: sources, colorOrder: [0, 1, 2, 3])
            let rest = try sampler.cutouts(of: plans[3...], from: sources, colorOrder: [0, 1, 2, 3])
            #expect(try relativeError(Tensor.concatenate([first, rest]), whole) < 1e-6)
        }
    }

    @Test func identityPlanReproducesThePooledPicture() throws {
        let picture = try Tensor.uniform([1, 3, 64, 96], seed: 2)
        let expected =
            try
            (picture.adaptiveAveragePooled(height: 32, width: 32)
            + picture.adaptiveMaxPooled(height: 32, width: 32)) / 2
        let result = try cutouts(.latest, of: picture, [CutoutPlan()][...])
        #expect(try relativeError(result, expected) < 1e-5)
    }

    /// A crop of the size of the cutout, at a whole pixel, is a plain copy.
    @Test func cropsTakeTheirPixels() throws {
        let picture = try Tensor.uniform([1, 3, 64, 96], seed: 3)
        var plan = CutoutPlan()
        let center = (x: (2.0 * 10 + 32) / 96 - 1, y: (2.0 * 20 + 32) / 64 - 1)
        plan.homography = .scaling(32.0 / 96, 32.0 / 64, offset: center)
        let result = try cutouts(.original, of: picture, [plan][...])
        let expected = try picture.slice(2, from: 20, length: 32).slice(3, from: 10, length: 32)
        #expect(try relativeError(result, expected) < 1e-5)
    }

    @Test func cropsStayInsideThePicture() {
        for step in 0..<50 {
            for plan in plans(.original, step: step) {
                for corner in [(-1.0, -1.0), (1.0, 1.0)] {
                    let place = plan.homography(corner.0, corner.1)
                    #expect(abs(place.x) < 1.0001 && abs(place.y) < 1.0001)
                }
            }
        }
    }

    @Test func homographyTakesCornersToCorners() {
        let from = [(-1.0, -1.0), (1.0, -0.8), (0.7, 1.0), (-0.9, 0.8)]
        let to = [(-0.5, -1.0), (0.9, -1.0), (1.0, 1.0), (-1.0, 0.6)]
        let map = Homography.mapping(from, to: to)
        for (source, target) in zip(from, to) {
            let place = map(source.0, source.1)
            #expect(abs(place.x - target.0) < 1e-9 && abs(place.y - target.1) < 1e-9)
        }
    }

    @Test func perspectiveShowsBlackOutside() throws {
        let picture = try Tensor.full(1, shape: [1, 3, 64, 96])
        var plan = CutoutPlan()
        plan.homography = .scaling(2, 2)
        plan.gates = [plan.homography]
        let values = try cutouts(.updatedpooling, of: picture, [plan][...])
        #expect(try values.slice(2, from: 0, length: 4).maximum(over: 0, 1, 2, 3).item() == 0)
        #expect(
            try values.slice(2, from: 14, length: 4).slice(3, from: 14, length: 4).minimum(over: 0, 1, 2, 3).item()
                > 0.99
        )
    }

    @Test func hueTurnsByThirdsExchangeThePrimaries() throws {
        let sampler = CutoutSampler(recipe: CutoutRecipe(settings(.latest)), resolution: 1)
        let red = try Tensor([0.8, 0.2, 0.2] as [Float], shape: [1, 3, 1, 1])
        var plan = CutoutPlan()
        plan.color.hue = 1.0 / 3
        let turned = try sampler.jittered(red, [plan], [3]).floats()
        for (ours, expected) in zip(turned, [0.2, 0.8, 0.2] as [Float]) { #expect(abs(ours - expected) < 1e-5) }
    }

    @Test func saturationScalesTheDistanceToTheBrightestChannel() throws {
        let sampler = CutoutSampler(recipe: CutoutRecipe(settings(.latest)), resolution: 1)
        let color = try Tensor([0.8, 0.4, 0.6] as [Float], shape: [1, 3, 1, 1])
        var plan = CutoutPlan()
        plan.color.saturation = 0.5
        let result = try sampler.jittered(color, [plan], [2]).floats()
        for (ours, expected) in zip(result, [0.8, 0.6, 0.7] as [Float]) { #expect(abs(ours - expected) < 1e-5) }
    }

    @Test func erasedShareIsAsDrawn() throws {
        let sampler = CutoutSampler(recipe: CutoutRecipe(settings(.latest)), resolution: 32)
        var plan = CutoutPlan()
        plan.erased = CutoutPlan.Box(x: 0.25, y: 0.5, width: 0.5, height: 0.25)
        let result = try sampler.erased(Tensor.full(1, shape: [1, 3, 32, 32]), [plan])
        #expect(abs(try result.mean().item() - 0.875) < 1e-6)
    }

    @Test func everyAugmentationCanBeTaken() throws {
        let picture = try Tensor.uniform([1, 3, 64, 96], seed: 4)
        for augmentation in Augmentation.allCases {
            var settings = settings(.nrupdated)
            settings.augmentations = [augmentation]
            let recipe = CutoutRecipe(settings)
            let planner = CutoutPlanner(recipe: recipe, size: settings.size, resolution: 32, noise: 0.1)
            let plans = planner.plans(seed: 1, step: 0, count: 6)
            let sampler = CutoutSampler(recipe: recipe, resolution: 32)
            let sources = try sampler.sources(of: picture, plans: plans)
            let result = try sampler.cutouts(of: plans[...], from: sources, colorOrder: [0, 1, 2, 3])
            #expect(result.shape == [6, 3, 32, 32])
            let values = try result.floats()
            #expect(values.allSatisfy { $0.isFinite })
        }
    }
}
