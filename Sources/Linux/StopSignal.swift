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

    /// Sleeps for `length`; returns whether the process is to end before that.
    package func sleep(for length: Duration) -> Bool {
        let (seconds, attoseconds) = length.components
        // Rounded up, so that a moment that is slept for has come.
        let milliseconds = min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, Int32(max(milliseconds, 0))) > 0
    }
}
