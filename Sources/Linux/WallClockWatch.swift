import CLinux
package import SystemPackage

/// A descriptor that becomes readable when CLOCK_REALTIME was set, that is, when it jumped.
///
/// It is a timer in the far future whose read fails with ECANCELED after each step
/// (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). A clock that is only slewed does not trigger it.
package final class WallClockWatch: Sendable {
    private let timer: OwnedDescriptor

    package init() throws(Errno) {
        timer = try OwnedDescriptor.opening { clinux_realtime_timer() }
        _ = try arm()
    }

    package var fileDescriptor: Int32 { timer.rawValue }

    /// Reports whether the clock was set since the last call, and arms the timer again.
    package func acknowledge() throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try timer.readExpirations()
        } catch .canceled {
            _ = try arm()
            return true
        }
        return try arm()
    }

    /// Arms the timer and reports whether the clock was set meanwhile; the kernel arms even then.
    private func arm() throws(Errno) -> Bool {
        do throws(Errno) {
            try SystemCall.check { clinux_watch_clock(timer.rawValue) }
            return false
        } catch .canceled {
            return true
        }
    }
}
