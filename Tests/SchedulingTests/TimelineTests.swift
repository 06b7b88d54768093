import Grants
import Scheduling
import Testing

@Suite struct `A timeline` {
    private let start = Timeline(wall: second(1_000), boot: 50_000_000)

    @Test func `follows a wall clock that runs as it should`() {
        var timeline = start
        #expect(timeline.read(wall: second(1_010), boot: 60_000_000) == second(1_010))
    }

    @Test func `goes on by CLOCK_BOOTTIME when the wall clock is set back`() {
        var timeline = start
        #expect(timeline.read(wall: second(10), boot: 60_000_000) == second(1_010))
        #expect(timeline.read(wall: second(20), boot: 70_000_000) == second(1_020))
    }

    @Test func `jumps with a wall clock that is set forward and does not come back`() {
        var timeline = start
        #expect(timeline.read(wall: second(5_000), boot: 51_000_000) == second(5_000))
        #expect(timeline.read(wall: second(1_002), boot: 52_000_000) == second(5_001))
    }

    @Test func `says when CLOCK_BOOTTIME will have reached a moment`() {
        #expect(start.boot(at: second(1_007)) == 57_000_000)
        #expect(start.boot(at: Moment(microseconds: .max)) > 57_000_000)
    }

    @Test func `is raised to what an earlier boot had seen`() {
        var timeline = start
        timeline.raise(to: second(9_000), boot: nil)
        #expect(timeline.read(wall: second(1_001), boot: 51_000_000) == second(9_051))
    }

    @Test func `is raised to what was seen earlier in this boot and the time since`() {
        var timeline = start
        timeline.raise(to: second(1_000), boot: 20_000_000)
        #expect(timeline.read(wall: second(1_001), boot: 51_000_000) == second(1_031))
    }

    @Test func `is not lowered by an older log`() {
        var timeline = start
        timeline.raise(to: second(3), boot: nil)
        #expect(timeline.read(wall: second(1_001), boot: 51_000_000) == second(1_001))
    }
}
