import Testing

@testable import Core

@Suite struct CounterRandomTests {
    @Test func sameKeySameNumbers() {
        var a = CounterRandom(seed: 7, step: 3, purpose: .cutGeometry, index: 2)
        var b = CounterRandom(seed: 7, step: 3, purpose: .cutGeometry, index: 2)
        #expect((0..<100).map { _ in a.next() } == (0..<100).map { _ in b.next() })
    }

    @Test func everyPartOfTheKeyMatters() {
        let variants = [
            CounterRandom(seed: 7, step: 3, purpose: .cutGeometry, index: 2),
            CounterRandom(seed: 8, step: 3, purpose: .cutGeometry, index: 2),
            CounterRandom(seed: 7 + 1 << 32, step: 3, purpose: .cutGeometry, index: 2),
            CounterRandom(seed: 7, step: 4, purpose: .cutGeometry, index: 2),
            CounterRandom(seed: 7, step: 3, purpose: .cutNoise, index: 2),
            CounterRandom(seed: 7, step: 3, purpose: .cutGeometry, index: 3),
        ]
        let firsts = variants.map { random -> UInt64 in
            var random = random
            return random.next()
        }
        #expect(Set(firsts).count == variants.count)
    }

    /// The known answers that the Philox paper's authors publish for a counter and key of zeros and of ones.
    @Test func philoxKnownAnswers() {
        let zeros = CounterRandom.philox(SIMD4(repeating: 0), SIMD2(repeating: 0))
        #expect(zeros == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
        let ones = CounterRandom.philox(SIMD4(repeating: .max), SIMD2(repeating: .max))
        #expect(ones == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    }

    @Test func momentsAreRight() {
        var random = CounterRandom(seed: 1, step: 0, purpose: .cutNoise)
        let normals = (0..<20_000).map { _ in random.normal() }
        let mean = normals.reduce(0, +) / 20_000
        let variance = normals.reduce(0) { $0 + $1 * $1 } / 20_000
        #expect(abs(mean) < 0.03)
        #expect(abs(variance - 1) < 0.05)
        let uniforms = (0..<20_000).map { _ in random.uniform() }
        #expect(uniforms.allSatisfy { (0..<1).contains($0) })
        #expect(abs(uniforms.reduce(0, +) / 20_000 - 0.5) < 0.01)
    }
}
