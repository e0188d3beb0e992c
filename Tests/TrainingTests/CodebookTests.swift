import Core
import Testing
import Torch

@testable import Training

@Suite(.serialized) struct CodebookTests {
    private func draw(_ step: Int = 0) -> CounterRandom {
        CounterRandom(seed: 4, step: step, purpose: .trainingCodebook)
    }

    @Test func codesFollowWhatIsAssignedToThem() throws {
        let codebook = try TrainableCodebook(vectors: floats([0, 0, 10, 10], [2, 2]))
        let cells = try floats([2, 0, 0, 2, 8, 10], [3, 2])
        let codes = try codebook.nearest(cells)
        #expect(try codes.integers() == [0, 0, 1])
        try codebook.update(cells, codes, decay: 0.5, restarts: nil)
        // Sizes (1 + 2) / 2 and (1 + 1) / 2, sums (0 + (2, 2)) / 2 and ((10, 10) + (8, 10)) / 2.
        let values = try codebook.vectors.floats()
        for (value, expected) in zip(values, [2 / 3, 2 / 3, 9, 10] as [Float]) { #expect(abs(value - expected) < 1e-5) }
    }

    @Test func unusedCodesStartAnewAmongTheCells() throws {
        let codebook = try TrainableCodebook(vectors: floats([0, 0, 50, 50], [2, 2]))
        let cells = try floats([1, 0, 0, 1, 1, 1], [3, 2])
        for step in 0..<5 {
            try codebook.update(cells, codebook.nearest(cells), decay: 0.5, restarts: draw(step))
        }
        let codes = try codebook.nearest(cells).integers()
        #expect(Set(codes).count == 2, "both are used after a restart")
        #expect(try codebook.vectors.floats().allSatisfy { $0 < 2 })
    }

    @Test func withoutRestartsTheyStayAway() throws {
        let codebook = try TrainableCodebook(vectors: floats([0, 0, 50, 50], [2, 2]))
        let cells = try floats([1, 0, 0, 1, 1, 1], [3, 2])
        for _ in 0..<8 { try codebook.update(cells, codebook.nearest(cells), decay: 0.5, restarts: nil) }
        #expect(try codebook.nearest(cells).integers() == [0, 0, 0])
    }

    @Test func startFindsTheClusters() throws {
        let centres: [[Float]] = [[0, 0], [10, 0], [0, 10], [10, 10]]
        let noise = try Tensor.normal([200, 2], seed: 3).floats()
        var cells: [Float] = []
        for index in 0..<200 {
            cells += [
                centres[index % 4][0] + noise[2 * index] * 0.1, centres[index % 4][1] + noise[2 * index + 1] * 0.1,
            ]
        }
        // More codes than clusters, so that a poor first choice cannot leave one out.
        let codebook = try TrainableCodebook(vectors: Tensor.zeros([8, 2]))
        var random = draw()
        try codebook.start(from: Tensor(cells, shape: [200, 2]), &random)
        let found = try codebook.vectors.floats()
        for centre in centres {
            let nearest = stride(from: 0, to: 16, by: 2).map { place in
                let (x, y) = (found[place] - centre[0], found[place + 1] - centre[1])
                return (x * x + y * y).squareRoot()
            }
            #expect(try #require(nearest.min()) < 0.3)
        }
    }

    @Test func fewerCellsThanCodesWillDo() throws {
        let codebook = try TrainableCodebook(vectors: Tensor.zeros([8, 2]))
        var random = draw()
        try codebook.start(from: floats([1, 2, 3, 4], [2, 2]), &random)
        #expect(try codebook.nearest(floats([3, 4], [1, 2])).count == 1)
        #expect(try codebook.vectors.floats().allSatisfy(\.isFinite))
    }
}
