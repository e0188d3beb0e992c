import Dispatch
import EngineKit
import Glibc
import Testing

@Suite("Outbox")
struct OutboxTests {
    private func report(_ step: Int) -> EngineEvent {
        .step(
            StepReport(step: step, total: 1, loss: 0, losses: [], seconds: 0, learningRate: 0, residentBytes: 0)
        )
    }

    private func steps(_ events: [EngineEvent]) -> [Int] {
        events.compactMap { if case .step(let report) = $0 { report.step } else { nil } }
    }

    private func notes(_ events: [EngineEvent]) -> [String] {
        events.compactMap { if case .note(let text) = $0 { text } else { nil } }
    }

    private func isReadable(_ outbox: Outbox) -> Bool {
        var descriptor = pollfd(fd: outbox.doorbell, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLIN) != 0
    }

    @Test func eventsComeInTheOrderOfPosting() {
        let outbox = Outbox()
        for index in 0..<10 { outbox.post(index.isMultiple(of: 3) ? .note("\(index)") : report(index)) }
        let events = outbox.drain().events
        #expect(events.count == 10)
        #expect(notes(events) == ["0", "3", "6", "9"])
        #expect(steps(events) == [1, 2, 4, 5, 7, 8])
        #expect(outbox.drain().events.isEmpty)
    }

    @Test func theOldestStepReportsGoWhenNobodyReads() {
        let outbox = Outbox()
        outbox.post(.note("first"))
        for step in 1...5000 {
            outbox.post(report(step))
            if step == 2500 { outbox.post(.note("middle")) }
        }
        outbox.post(.note("last"))
        let events = outbox.drain().events
        #expect(steps(events) == Array(905...5000))
        #expect(notes(events) == ["first", "middle", "last"])
        for step in 1...10 { outbox.post(report(step)) }
        #expect(steps(outbox.drain().events) == Array(1...10), "draining starts the count anew")
    }

    @Test func lifecycleEventsAreNeverDropped() {
        let outbox = Outbox()
        for index in 0..<6000 { outbox.post(.note("\(index)")) }
        #expect(notes(outbox.drain().events) == (0..<6000).map(String.init))
    }

    @Test func theDoorbellIsReadableWhileThereIsSomethingToTake() throws {
        let outbox = Outbox()
        #expect(!isReadable(outbox))
        #expect(!outbox.wait(timeout: .zero))
        for _ in 0..<3 {
            outbox.post(.note("a"))
            outbox.post(.note("b"))
            #expect(isReadable(outbox))
            #expect(outbox.wait(timeout: .zero))
            _ = outbox.drain()
            #expect(!isReadable(outbox))
            outbox.publish(try #require(Frame(step: 0, width: 1, height: 1, rgb: [1, 2, 3])))
            #expect(isReadable(outbox))
            _ = outbox.drain()
            #expect(!isReadable(outbox))
        }
    }

    @Test func theLatestFrameWins() throws {
        let outbox = Outbox()
        for step in 0..<3 { outbox.publish(try #require(Frame(step: step, width: 1, height: 1, rgb: [0, 0, 0]))) }
        #expect(outbox.drain().frame?.step == 2)
        #expect(outbox.drain().frame == nil)
    }

    @Test func postingFromSeveralThreadsLosesNothingAndKeepsEachOnesOrder() {
        let outbox = Outbox()
        let group = DispatchGroup()
        let (threads, count) = (4, 2000)
        for thread in 0..<threads {
            DispatchQueue.global().async(group: group) {
                for index in 0..<count { outbox.post(.note("\(thread) \(index)")) }
            }
        }
        var received: [Int: [Int]] = [:]
        var total = 0
        var emptyRings = 0
        while total < threads * count, outbox.wait(timeout: .seconds(30)) {
            let events = outbox.drain().events
            if events.isEmpty { emptyRings += 1 }
            total += events.count
            for text in notes(events) {
                let parts = text.split(separator: " ").compactMap { Int($0) }
                received[parts[0], default: []].append(parts[1])
            }
        }
        group.wait()
        #expect(received == Dictionary(uniqueKeysWithValues: (0..<threads).map { ($0, Array(0..<count)) }))
        #expect(emptyRings == 0, "the doorbell never rings for nothing")
        #expect(!isReadable(outbox))
    }

    @Test func waitingEndsWithAPostFromAnotherThread() {
        let outbox = Outbox()
        DispatchQueue.global().async { outbox.post(.note("here")) }
        #expect(outbox.wait(timeout: .seconds(30)))
        #expect(notes(outbox.drain().events) == ["here"])
    }

    @Test func theDoorbellIsClosedWithTheOutbox() throws {
        var outbox: Outbox? = Outbox()
        let doorbell = try #require(outbox?.doorbell)
        #expect(fcntl(doorbell, F_GETFD) & FD_CLOEXEC != 0)
        weak let released = outbox
        outbox = nil
        #expect(released == nil)
    }
}
