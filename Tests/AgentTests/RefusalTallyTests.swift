import Auditing
import Grants
import Testing

@testable import Agent

@Suite struct `The records of refused files` {
    private let start = Moment(microseconds: 1_800_000_000_000_000)

    private func add(_ count: Int, to tally: inout RefusalTally, at now: Moment) {
        for number in 0..<count {
            let entry = AuditEntry.refused("/d/\(number).grant", code: "unsigned", "no signature")
            tally.add(entry, at: now)
        }
    }

    @Test func `are one a file, as long as there are few`() {
        var tally = RefusalTally()
        add(RefusalTally.burst, to: &tally, at: start)
        #expect(tally.due(at: start, isBusy: false) == nil)
        #expect(tally.take(at: start, isBusy: false).count == RefusalTally.burst)
        #expect(tally.take(at: start, isBusy: false).isEmpty)
    }

    @Test func `count the others in one more, with the first of them`() throws {
        var tally = RefusalTally()
        add(RefusalTally.burst + 5, to: &tally, at: start)
        let entries = tally.take(at: start, isBusy: false)
        #expect(entries.count == RefusalTally.burst + 1)
        let last = try #require(entries.last)
        #expect(last.fields[.missed] == ["5"])
        #expect(last.fields[.file] == ["/d/\(RefusalTally.burst).grant"])
        #expect(
            last.message
                == "Refused 5 more files, without a record each; "
                + "the first was /d/\(RefusalTally.burst).grant: unsigned: no signature"
        )
        #expect(last[.reason]?.hasPrefix("too-many: ") == true)
    }

    @Test func `wait while more come, and for a minute after the last of that kind`() {
        var tally = RefusalTally()
        add(RefusalTally.burst + 5, to: &tally, at: start)
        #expect(tally.take(at: start, isBusy: true).count == RefusalTally.burst)
        #expect(tally.take(at: start + .seconds(59), isBusy: true).isEmpty)
        #expect(tally.take(at: start + .seconds(60), isBusy: true).count == 1)
        add(5, to: &tally, at: start + .seconds(61))
        let due = start + .seconds(120)
        #expect(tally.due(at: start + .seconds(61), isBusy: false) == due)
        // One a minute gets a record of its own again.
        #expect(tally.take(at: start + .seconds(61), isBusy: false).count == 1)
        #expect(tally.take(at: due, isBusy: false).first?.fields[.missed] == ["4"])
        #expect(tally.due(at: due, isBusy: false) == nil)
    }

    @Test func `are bounded whatever comes`() {
        var tally = RefusalTally()
        var count = 0
        var missed = 0
        for second in 0..<7200 {
            let now = start + .seconds(second)
            add(10, to: &tally, at: now)
            for entry in tally.take(at: now, isBusy: false) {
                count += 1
                missed += entry.fields[.missed]?.first.flatMap { Int($0) } ?? 0
            }
        }
        #expect(count < RefusalTally.burst + 2 * 120 + 2)
        #expect(count + missed > 7200 * 10 - 61 * 10 - 120)
    }
}
