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
        timeline.raise(to: second(9_000))
        #expect(timeline.read(wall: second(1_001), boot: 51_000_000) == second(9_051))
    }

    @Test func `is not lowered by an older log`() {
        var timeline = start
        timeline.raise(to: second(3))
        #expect(timeline.read(wall: second(1_001), boot: 51_000_000) == second(1_001))
    }

    @Test func `lets nothing open by a step forward before that has stood for ten minutes`() {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        #expect(timeline.opening == second(1_001))
        _ = timeline.read(wall: second(5_599), boot: 650_000_000)
        #expect(timeline.opening == second(1_600))
        _ = timeline.read(wall: second(5_600), boot: 651_000_000)
        #expect(timeline.opening == second(5_600))
    }

    @Test func `begins the ten minutes again with each step`() {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        _ = timeline.read(wall: second(1_300), boot: 350_000_000)
        _ = timeline.read(wall: second(5_301), boot: 352_000_000)
        _ = timeline.read(wall: second(5_649), boot: 700_000_000)
        #expect(timeline.opening == second(1_650))
    }

    @Test func `opens by the wall clock where that is behind`() {
        var timeline = start
        #expect(timeline.read(wall: second(400), boot: 51_000_000) == second(1_001))
        #expect(timeline.opening == second(400))
    }

    @Test func `says when something opens by the slower clock`() {
        var timeline = start
        #expect(timeline.closing(whenOpening: second(1_100)) == second(1_100))
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        // At once when the step has stood for long enough; before, as time passes.
        #expect(timeline.closing(whenOpening: second(4_000)) == second(5_600))
        #expect(timeline.closing(whenOpening: second(1_101)) == second(5_100))
    }

    @Test func `goes back behind a step forward that was taken back`() {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        #expect(timeline.comeback == nil)
        #expect(timeline.read(wall: second(1_003), boot: 52_000_000) == second(5_001))
        #expect(timeline.comeback == second(1_003))
        timeline.accept(second(1_003), boot: 52_000_000)
        #expect(timeline.read(wall: second(1_004), boot: 53_000_000) == second(1_004))
        #expect(timeline.comeback == nil && timeline.opening == second(1_003))
    }

    @Test func `goes back no further than CLOCK_BOOTTIME predicts`() {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        _ = timeline.read(wall: second(1_000), boot: 52_000_000)
        #expect(timeline.comeback == second(1_002))
    }

    @Test(arguments: [(1_004, true), (1_005, false), (999, false), (100, false)])
    func `goes back only where the clock is right again`(wall: Int, isBack: Bool) {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        _ = timeline.read(wall: second(wall), boot: 52_000_000)
        #expect((timeline.comeback != nil) == isBack)
        #expect(timeline.isHeld)
    }

    @Test(arguments: [(86_000, true), (87_000, false)])
    func `goes back within a day, and lets a clock be a hundredth off`(later: Int, isBack: Bool) {
        var timeline = start
        _ = timeline.read(wall: second(500_000), boot: 51_000_000)
        _ = timeline.read(wall: second(1_001 + later + 800), boot: Int64(51 + later) * 1_000_000)
        #expect((timeline.comeback != nil) == isBack)
    }

    @Test func `goes back behind several steps at once, and behind the last alone`() {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        _ = timeline.read(wall: second(9_000), boot: 52_000_000)
        _ = timeline.read(wall: second(5_003), boot: 53_000_000)
        #expect(timeline.comeback == second(5_003))
        _ = timeline.read(wall: second(1_004), boot: 54_000_000)
        #expect(timeline.comeback == second(1_004))
    }

    @Test func `does not go back behind an opening`() {
        var timeline = start
        _ = timeline.read(wall: second(5_000), boot: 51_000_000)
        timeline.confirmSteps()
        _ = timeline.read(wall: second(1_002), boot: 52_000_000)
        #expect(timeline.comeback == nil && timeline.isHeld)
        #expect(timeline.lead == .seconds(3_999))
    }

    @Test func `undoes no step to before a moment that a bulletin shows`() {
        for (shown, isUndone) in [(1_003, true), (1_500, false)] {
            var timeline = start
            _ = timeline.read(wall: second(5_000), boot: 51_000_000)
            timeline.keepAbove(second(shown))
            _ = timeline.read(wall: second(1_010), boot: 60_000_000)
            #expect((timeline.comeback == second(1_010)) == isUndone)
            let slack = Duration.seconds(1)
            #expect(timeline.mayGoBack(to: second(1_010), slack: slack) == isUndone)
            // Root's word counts for more.
            timeline.accept(second(1_010), boot: 60_000_000)
            #expect(timeline.closing == second(1_010))
            #expect(timeline.floor <= second(1_010))
        }
    }
}

private func second(_ number: Int) -> Moment { Moment(microseconds: Int64(number) * 1_000_000) }
