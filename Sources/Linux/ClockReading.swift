import Glibc

/// The two clocks that matter, read one right after the other.
package struct ClockReading: Hashable, Sendable {
    /// CLOCK_REALTIME: microseconds since 1970-01-01T00:00:00Z.
    package let wallMicroseconds: Int64
    /// CLOCK_BOOTTIME: microseconds since boot, suspended time included.
    package let bootMicroseconds: Int64

    package init(wallMicroseconds: Int64, bootMicroseconds: Int64) {
        self.wallMicroseconds = wallMicroseconds
        self.bootMicroseconds = bootMicroseconds
    }

    package static func now() -> ClockReading {
        var attempts = 4
        while true {
            let before = microseconds(CLOCK_BOOTTIME)
            let wall = microseconds(CLOCK_REALTIME)
            let boot = microseconds(CLOCK_BOOTTIME)
            attempts -= 1
            // A pause between the readings would look as if the wall clock had been set.
            guard boot - before > longestReading, attempts > 0 else {
                return ClockReading(wallMicroseconds: wall, bootMicroseconds: boot)
            }
        }
    }

    private static let longestReading: Int64 = 1000

    /// CLOCK_MONOTONIC, which stops while the machine is suspended.
    package static func monotonicMicroseconds() -> Int64 {
        microseconds(CLOCK_MONOTONIC)
    }

    /// The time that the machine was suspended since boot.
    package static func suspendedMicroseconds() -> Int64 {
        let awake = microseconds(CLOCK_MONOTONIC)
        return microseconds(CLOCK_BOOTTIME) - awake
    }

    /// Reads a clock; cannot fail, since every supported kernel has both clocks.
    static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
