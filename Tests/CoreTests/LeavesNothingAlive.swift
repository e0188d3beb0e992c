import Testing
import Torch

/// Checks, once a suite has run, that every tensor made in it was freed. The count is the process's, hence the tests run
/// one at a time.
struct LeavesNothingAlive: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let before = Tensor.liveCount
        try await function()
        #expect(Tensor.liveCount == before, "tensors have leaked in \(test.name)")
    }
}

extension Trait where Self == LeavesNothingAlive {
    static var leavesNothingAlive: Self { Self() }
}
