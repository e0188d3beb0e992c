import EngineKit
import Testing

@Suite struct ComputeOptionsTests {
    @Test(
        arguments: [
            ("4GiB", 4 << 30), ("900MiB", 900 << 20), ("900 mib", 900 << 20), ("1.5G", 3 << 29), ("2gb", 2 << 30),
            ("64M", 64 << 20),
        ] as [(String, UInt64)]
    )
    func amountsAreRead(text: String, bytes: UInt64) {
        #expect(ComputeOptions.bytes(of: text) == bytes)
    }

    @Test(arguments: [
        "", "GiB", "4", "4TiB x", "-4GiB", "4 Gi B", "1e3M", "0.5M", "1.2.3G", "99999999999G", "nanG", "٤G",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(ComputeOptions.bytes(of: text) == nil)
    }
}
