import Glibc
import Synchronization

/// A descriptor that can be waited for, and becomes readable once and for all.
final class StopPipe: Sendable {
    let descriptor: CInt
    private let other: Mutex<CInt>

    init() {
        var ends: [CInt] = [-1, -1]
        _ = unsafe pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        descriptor = ends[0]
        other = Mutex(ends[1])
    }

    deinit {
        end()
        close(descriptor)
    }

    func end() {
        other.withLock { other in
            if other >= 0 { close(other) }
            other = -1
        }
    }

    /// Returns true once it has ended, false after the time.
    func wait(milliseconds: CInt) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, milliseconds) > 0
    }
}
