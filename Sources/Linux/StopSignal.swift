import CLinux
import Glibc
package import SystemPackage

/// SIGTERM and SIGINT as a descriptor that becomes readable, for programs without an event loop.
package struct StopSignal: Sendable {
    /// Lives as long as the process: a signal may arrive at any time.
    package let descriptor: Int32

    package init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        try SystemCall.check { unsafe clinux_pipe(&ends) }
        let (reading, writing) = (ends[0], ends[1])
        descriptor = reading
        for signal in [SIGTERM, SIGINT] {
            try SystemCall.check { clinux_signal_to(signal, writing) }
        }
    }

    /// The end of a sleep.
    package enum Wake: Hashable, Sendable {
        /// The process is to end.
        case stop
        /// The other descriptor has something to read, or was closed by its other end.
        case readable
        case timeout
    }

    /// Sleeps for `length`, or until the process is to end or `other` can be read.
    package func sleep(for length: Duration, or other: Int32? = nil) -> Wake {
        let (seconds, attoseconds) = length.components
        // Rounded up, so that a moment that is slept for has come.
        let milliseconds = min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
        // A descriptor of -1 is passed over.
        var entries = [descriptor, other ?? -1].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        guard unsafe poll(&entries, 2, Int32(max(milliseconds, 0))) > 0 else { return .timeout }
        return entries[0].revents != 0 ? .stop : .readable
    }
}
