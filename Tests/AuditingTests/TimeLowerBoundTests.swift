import Grants
import Scheduling
import StrictJSON
import Testing

@testable import Auditing

@Suite struct `The time that records tell` {
    private static let start = Moment(microseconds: 1_796_126_400_000_000)

    /// A record at these seconds of the wall clock and of CLOCK_BOOTTIME.
    private func record(
        _ number: UInt64,
        _ event: AuditEvent = .agentStarted,
        wall: Int64,
        boot: Int64,
        bootID: Character = "a",
        clock: Int64? = nil
    ) -> Record {
        let stamp = RecordStamp(
            realtime: Self.start + .seconds(wall),
            boot: boot * 1_000_000,
            bootID: String(repeating: bootID, count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        )
        let time = clock.map { (Self.start + .seconds($0)).description }
        let fields: [AuditField: [String]] = [.clock: time.map { [$0] } ?? []]
        return Record(sequence: number, stamp: stamp, entry: AuditEntry(event, "", fields: fields))
    }

    private func floor(_ records: [Record]) -> TimeLowerBound {
        var floor = TimeLowerBound()
        for record in records { floor.take(record) }
        return floor
    }

    @Test func `is held where a wall clock went back, and says since which record`() {
        let floor = floor([
            record(0, wall: 0, boot: 10), record(1, wall: 5000, boot: 20),
            record(2, wall: 20, boot: 30),
        ])
        #expect(floor.moment == Self.start + .seconds(5010))
        #expect(floor.reachedIn == 1)
    }

    @Test func `goes on from where a record says that it does`() {
        let floor = floor([
            record(0, wall: 0, boot: 10), record(1, wall: 5000, boot: 20),
            record(2, .clockAccepted, wall: 20, boot: 30, clock: 20),
            record(3, wall: 0, boot: 5, bootID: "c"),
        ])
        #expect(floor.moment == Self.start + .seconds(25))
    }

    @Test func `goes on in the same boot by CLOCK_BOOTTIME`() {
        let known = floor([record(0, wall: 0, boot: 10)])
        let clocks = Timeline(wall: Self.start + .seconds(1), boot: 40_000_000)
        var timeline = known.resumed(by: clocks, in: String(repeating: "a", count: 32))
        let now = timeline.read(wall: Self.start + .seconds(1), boot: 41_000_000)
        #expect(now == Self.start + .seconds(31))
    }

    @Test func `goes on in the next boot of a container by the clock of its host`() throws {
        let known = floor([record(0, wall: 0, boot: 9_000)])
        let id = String(repeating: "c", count: 12) + "8" + String(repeating: "c", count: 19)
        func time(wall: Int64, boot: Int64) -> Moment {
            let (wall, boot) = (Self.start + .seconds(wall), boot * 1_000_000)
            var timeline = known.resumed(by: Timeline(wall: wall, boot: boot), in: id)
            return timeline.read(wall: wall, boot: boot)
        }
        #expect(time(wall: 20, boot: 9_020) == Self.start + .seconds(20))
        // A wall clock that is behind gains nothing by the boot of a container, nor of its host.
        #expect(time(wall: -500, boot: 9_020) == Self.start + .seconds(20))
        #expect(time(wall: -500, boot: 30) == Self.start + .seconds(30))
    }

    @Test func `is kept by a snapshot, also by one of the first versions`() throws {
        let floor = floor([
            record(0, wall: 0, boot: 10), record(1, wall: 5000, boot: 20),
            record(2, wall: 20, boot: 30),
        ])
        #expect(ClockForm.clock(ClockForm.json(floor)) == floor)
        #expect(ClockForm.clock(ClockForm.json(TimeLowerBound())) == TimeLowerBound())
        let earlier: JSONValue = ["moment": .integer(7_000_000), "boot": 5, "boot_id": "a"]
        let read = try #require(ClockForm.clock(earlier))
        #expect(read.moment == Moment(microseconds: 7_000_000) && read.bootID == "a")
        #expect(ClockForm.clock(["boot_id": "a", "boot": 5]) == nil)
    }

    @Test func `knows in the same boot what can be undone`() {
        let known = floor([record(0, wall: 0, boot: 10), record(1, wall: 5000, boot: 20)])
        let clocks = Timeline(wall: Self.start + .seconds(15), boot: 25_000_000)
        var same = known.resumed(by: clocks, in: String(repeating: "a", count: 32))
        _ = same.read(wall: Self.start + .seconds(15), boot: 25_000_000)
        #expect(same.comeback == Self.start + .seconds(15))
        var next = known.resumed(by: clocks, in: String(repeating: "c", count: 32))
        _ = next.read(wall: Self.start + .seconds(15), boot: 25_000_000)
        #expect(next.comeback == nil && next.closing == Self.start + .seconds(5025))
    }

    @Test func `does not go back behind an opening`() {
        let known = floor([
            record(0, wall: 0, boot: 10), record(1, .grantOpened, wall: 5000, boot: 20),
        ])
        #expect(known.timeline?.steps == [])
    }
}
