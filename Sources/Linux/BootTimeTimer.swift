import CLinux
import Glibc
package import SystemPackage

/// A timer that becomes readable at a point of CLOCK_BOOTTIME, also after a suspend.
package final class BootTimeTimer: Sendable {
    private let timer: OwnedDescriptor

    package init() throws(Errno) {
        timer = try OwnedDescriptor.opening { clinux_boottime_timer() }
    }

    package var fileDescriptor: Int32 { timer.rawValue }

    /// Arms the timer in place of its last point; a point in the past fires at once.
    package func arm(atBootMicroseconds point: Int64) throws(Errno) {
        // All zero would disarm the timer, so the earliest point is one nanosecond after boot.
        let (seconds, microseconds) = max(point, 0).quotientAndRemainder(dividingBy: 1_000_000)
        try SystemCall.check {
            clinux_set_timer(timer.rawValue, seconds, max(microseconds * 1_000, 1))
        }
    }

    package func disarm() throws(Errno) {
        try SystemCall.check { clinux_set_timer(timer.rawValue, 0, 0) }
    }

    /// Reports whether the timer fired since it was armed or last acknowledged.
    package func acknowledge() throws(Errno) -> Bool {
        try timer.readExpirations() > 0
    }
}

extension OwnedDescriptor {
    /// The number of expirations since the last read; 0 if the timer has not expired.
    borrowing func readExpirations() throws(Errno) -> UInt64 {
        var count: UInt64 = 0
        do throws(Errno) {
            try SystemCall.check { unsafe Glibc.read(rawValue, &count, MemoryLayout<UInt64>.size) }
        } catch .wouldBlock {
            return 0
        }
        return count
    }
}
