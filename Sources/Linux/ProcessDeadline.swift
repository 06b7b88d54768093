import Glibc
import SystemPackage

/// The moment at which a child must have ended.
struct ProcessDeadline {
    /// The time between two looks at a child that has closed its output and goes on.
    private static let pause: UInt32 = 5000

    private let end: ContinuousClock.Instant

    init(after limit: Duration) {
        end = ContinuousClock.now + limit
    }

    /// Waits until the descriptor can be read; throws ETIMEDOUT at the deadline.
    func awaitReading(of descriptor: Int32) throws(Errno) {
        while true {
            let rest = (end - ContinuousClock.now).components
            let milliseconds = rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000
            guard milliseconds > 0 else { throw .timedOut }
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
            guard count >= 0 || errno == EINTR else { throw Errno(rawValue: errno) }
            if count > 0 { return }
        }
    }

    /// Waits until the child has ended, and leaves its status; throws ETIMEDOUT at the deadline.
    func awaitEnd(of child: pid_t) throws(Errno) {
        while true {
            var state = unsafe siginfo_t()
            let flags = WEXITED | WNOHANG | WNOWAIT
            guard unsafe waitid(P_PID, id_t(child), &state, flags) == 0 else {
                throw Errno(rawValue: errno)
            }
            if unsafe state.si_signo == SIGCHLD { return }
            guard ContinuousClock.now < end else { throw .timedOut }
            usleep(Self.pause)
        }
    }
}
