import CLinux
import Glibc
package import SystemPackage

/// Calls a handler on the engine's queue for each signal of a set.
///
/// A C handler writes the number to a pipe that a `DescriptorSource` reads, so it does not matter
/// which thread the kernel picks, and executed children start with the default action. No signal is
/// lost; the handler stays installed for the rest of the process.
package final class SignalSource: Sendable {
    private let source: DescriptorSource

    package init(
        _ signals: [Int32],
        on executor: EngineExecutor,
        handler: @escaping @Sendable (Int32) -> Void
    ) throws(Errno) {
        var ends: [Int32] = [-1, -1]
        try SystemCall.check {
            unsafe clinux_pipe(&ends)
        }
        // Both ends live as long as the process: a signal may arrive at any time.
        let (reading, writing) = (ends[0], ends[1])
        source = try DescriptorSource(reading: reading, on: executor) {
            SignalSource.numbers(in: reading).forEach(handler)
        }
        for signal in signals {
            try SystemCall.check { clinux_signal_to(signal, writing) }
        }
    }

    package func cancel() {
        source.cancel()
    }

    private static func numbers(in pipe: Int32) -> [Int32] {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe read(pipe, &bytes, bytes.count)
        return bytes.prefix(max(count, 0)).map(Int32.init)
    }
}
