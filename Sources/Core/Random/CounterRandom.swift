/// What random numbers are drawn for. The raw values are part of the file format of seeds: never reuse one.
package enum RandomPurpose: UInt32 {
    case startCodes = 1
    case startPicture = 2
    case cutGeometry = 10
    case cutColor = 11
    case cutErasing = 12
    case cutWarp = 13
    case cutNoise = 14
    case trainingOrder = 20
    case trainingCrop = 21
    case trainingAugmentation = 22
    case trainingNoise = 23
    case trainingCodebook = 24
    case trainingAttack = 25
    case trainingChain = 26
}

/// Random numbers that are a function of (seed, step, purpose, index) alone, whatever was drawn before.
///
/// Pausing, resuming, micro-batching and the order of cuts therefore cannot change them. The generator is Philox 4×32
/// with ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
package struct CounterRandom: RandomNumberGenerator {
    private let key: SIMD2<UInt32>
    private var counter: SIMD4<UInt32>
    private var block = SIMD4<UInt32>()
    private var used = 4

    package init(seed: UInt64, step: Int, purpose: RandomPurpose, index: Int = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        counter = SIMD4(
            0,
            UInt32(truncatingIfNeeded: index),
            purpose.rawValue,
            UInt32(truncatingIfNeeded: step)
        )
    }

    /// 32 random bits.
    mutating func next32() -> UInt32 {
        if used == 4 {
            block = Self.philox(counter, key)
            counter.x &+= 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    package mutating func next() -> UInt64 {
        let high = UInt64(next32())
        return high << 32 | UInt64(next32())
    }

    /// Uniform in [0, 1).
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    package mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// Standard normal, by Box and Muller.
    package mutating func normal() -> Double {
        let radius = (-2 * Double.log(1 - uniform())).squareRoot()
        return radius * Double.cos(2 * .pi * uniform())
    }

    /// True with the probability given.
    package mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// The block cipher at the generator's heart: 128 bits from a counter and a key.
    static func philox(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (c, k) = (counter, key)
        for _ in 0..<10 {
            let a = UInt64(0xD251_1F53) * UInt64(c.x)
            let b = UInt64(0xCD9E_8D57) * UInt64(c.z)
            c = SIMD4(
                UInt32(truncatingIfNeeded: b >> 32) ^ c.y ^ k.x,
                UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: a >> 32) ^ c.w ^ k.y,
                UInt32(truncatingIfNeeded: a)
            )
            k &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return c
    }
}
