import Auditing
import Grants
import Linux
import Testing

@testable import Agent

@Suite struct `Offers that wait to be read` {
    private func rest(_ queue: inout OfferQueue) -> [String] {
        var names: [String] = []
        while let name = queue.next() { names.append(name) }
        return names
    }

    private func state(_ number: UInt64) -> FileIdentity {
        FileIdentity(device: 1, inode: number, size: 1, modifiedNanoseconds: 1)
    }

    @Test func `are read newest and oldest in turn, and with what was listed in between`() {
        var queue = OfferQueue()
        queue.list(["l1", "l2"], areMore: false)
        for name in ["a", "b", "c", "d", "a"] { queue.add(name) }
        #expect(rest(&queue) == ["d", "a", "l1", "c", "b", "l2"])
        #expect(queue.isEmpty)
    }

    @Test func `wait no longer once they are gone or a listing lacks them`() {
        var queue = OfferQueue()
        queue.list(["a", "b"], areMore: false)
        queue.add("c")
        queue.remove("a")
        #expect(queue.count == 2)
        queue.list(["b", "d"], areMore: false)
        #expect(Set(rest(&queue)) == ["b", "d"])
    }

    @Test func `are bounded, and say so, whatever comes`() {
        var queue = OfferQueue()
        for number in 0..<(3 * OfferQueue.bound) { queue.add("\(number)") }
        #expect(queue.count == OfferQueue.bound)
        #expect(queue.isOverfull)
        #expect(rest(&queue).count == OfferQueue.bound)
        // Names that come and go leave nothing behind.
        for number in 0..<(5 * OfferQueue.bound) {
            queue.add("\(number)")
            queue.remove("\(number)")
        }
        #expect(queue.isEmpty)
        #expect(queue.next() == nil)
        queue.list(["a"], areMore: false)
        #expect(!queue.isOverfull)
        queue.list((0..<(2 * OfferQueue.bound)).map { "\($0)" }, areMore: true)
        #expect(queue.count == OfferQueue.bound)
        #expect(queue.isOverfull)
    }

    @Test func `are never the last that came, nor the first, if there is no room for all`() {
        var queue = OfferQueue()
        queue.list((0..<100).map { "l\($0)" }, areMore: false)
        for number in 0..<(2 * OfferQueue.bound) { queue.add("\(number)") }
        #expect(queue.hasDropped)
        #expect(queue.count == OfferQueue.bound)
        #expect(queue.next() == "\(2 * OfferQueue.bound - 1)")
        #expect(queue.next() == "0")
        // A listing finds those that had to go.
        queue.list(["a"], areMore: false)
        #expect(!queue.hasDropped)
    }

    @Test func `are read once in each state`() {
        var queue = OfferQueue()
        queue.note("a", state(1))
        #expect(queue.hasRead("a", state(1)))
        #expect(!queue.hasRead("a", state(2)))
        #expect(!queue.hasRead("b", state(1)))
        queue.list(["b"], areMore: false)
        #expect(!queue.hasRead("a", state(1)))
        queue.note("b", state(3))
        queue.forgetAll()
        #expect(!queue.hasRead("b", state(3)))
    }
}

@Suite struct `The rate at which offers are read` {
    @Test func `is a hundred files in any second`() {
        var rate = ReadingRate()
        var (now, reads): (Int64, [Int64]) = (0, [])
        for step in 0..<1000 {
            // Some come at once, some trickle.
            if step.isMultiple(of: 3) { now += 7_000 }
            now = rate.next(at: now)
            rate.add(100, at: now)
            reads.append(now)
        }
        for (index, read) in reads.enumerated().dropFirst(ReadingRate.files) {
            #expect(read - reads[index - ReadingRate.files] >= 1_000_000)
        }
        #expect(now < 11_000_000)
    }

    @Test func `is ten mebibytes in any second`() {
        var rate = ReadingRate()
        var (now, reads): (Int64, [Int64]) = (0, [])
        for _ in 0..<400 {
            now = rate.next(at: now)
            rate.add(GrantIntake.fileLimit, at: now)
            reads.append(now)
        }
        let most = ReadingRate.bytes / GrantIntake.fileLimit
        for (index, read) in reads.enumerated().dropFirst(most) {
            #expect(read - reads[index - most] >= 1_000_000)
        }
        #expect(now == Int64(400 / most - 1) * 1_000_000)
    }

    @Test func `lets the first file be read at once after a pause`() {
        var rate = ReadingRate()
        for _ in 0..<ReadingRate.files { rate.add(1, at: 5) }
        #expect(rate.next(at: 6) == 1_000_005)
        #expect(rate.next(at: 2_000_000) == 2_000_000)
    }
}

@Suite struct `The record of refused offers` {
    private let start = Moment(microseconds: 1_800_000_000_000_000)

    @Test func `is one a minute, with the count and the first`() throws {
        var tally = OfferTally()
        #expect(tally.due(at: start) == nil)
        tally.add("/i/a.grant", code: "unsigned", "no signature")
        tally.add("/i/b.grant", code: "host", "another")
        #expect(tally.due(at: start) == start)
        let entry = try #require(tally.entry)
        #expect(entry.fields[.missed] == ["2"])
        #expect(entry.fields[.file] == ["/i/a.grant"])
        #expect(entry.fields[.reason] == ["unsigned: no signature"])
        tally.told(at: start)
        #expect(tally.due(at: start) == nil)
        tally.add("/i/c.grant", code: "unsigned", "no signature")
        #expect(tally.due(at: start + .seconds(1)) == start + .seconds(60))
        #expect(tally.hasWaited(.seconds(60), at: start + .seconds(60)))
        #expect(!tally.hasWaited(.seconds(3600), at: start + .seconds(60)))
    }

    @Test func `waits for room, and not for a time that is no more`() {
        var tally = OfferTally()
        tally.add("/i/a.grant", code: "unsigned", String(repeating: "x", count: 10_000))
        tally.postpone(at: start)
        #expect(tally.due(at: start) == start + .seconds(60))
        #expect(tally.entry.map { $0.message.utf8.count < 300 } == true)
        tally.told(at: start + .seconds(7200))
        tally.add("/i/b.grant", code: "unsigned", "no")
        #expect(tally.due(at: start) == start)
        #expect(tally.hasWaited(.seconds(3600), at: start))
    }
}
