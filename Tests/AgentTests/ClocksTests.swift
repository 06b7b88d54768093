import Auditing
import Grants
import Linux
import Testing

@testable import Agent

@Suite struct `The clocks of the agent` {
    private static let start: Int64 = 1_800_000_000_000_000

    /// The clocks after `boot` seconds, with the wall clock `ahead` seconds of where it was.
    private func reading(_ boot: Int64, ahead: Int64 = 0) -> ClockReading {
        ClockReading(
            wallMicroseconds: Self.start + (boot + ahead) * 1_000_000,
            bootMicroseconds: boot * 1_000_000
        )
    }

    private func moment(_ seconds: Int64) -> Moment {
        Moment(microseconds: Self.start + seconds * 1_000_000)
    }

    private var clocks: Clocks {
        Clocks(nil, resuming: TimeLowerBound(), in: "boot", at: reading(0))
    }

    @Test func `close by the faster one and open by the slower one`() {
        let clocks = clocks
        let ahead = clocks.read(reading(10, ahead: 60))
        #expect(ahead.closing == moment(70) && ahead.opening == moment(10))
        let back = clocks.read(reading(20, ahead: -60))
        #expect(back.closing == moment(80) && back.opening == moment(-40))
        #expect(clocks.isHeld)
    }

    @Test func `put the kernel's timeouts off when the time is set, until they were put right`() {
        let clocks = clocks
        clocks.noteTimeoutsRight()
        _ = clocks.read(reading(10))
        #expect(!clocks.areTimeoutsOff)
        _ = clocks.read(reading(20, ahead: 60))
        #expect(clocks.areTimeoutsOff)
        clocks.noteTimeoutsRight()
        #expect(!clocks.areTimeoutsOff)
    }

    @Test func `hand down what they said`() {
        let now = clocks.read(reading(10))
        #expect(now.reading == reading(10))
        #expect(now.closing == now.opening)
    }
}
