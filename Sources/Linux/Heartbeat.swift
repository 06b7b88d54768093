import Dispatch
import Synchronization

/// Calls a handler on the engine's queue at every interval, which proves that the queue still runs.
///
/// Each beat wakes the process, so the watchdog of the service manager alone uses it. Ends when
/// released.
package final class Heartbeat: Sendable {
    private let timer: Mutex<any DispatchSourceTimer>

    /// Beats may be late by a tenth of the interval, so that the kernel can coalesce wake-ups.
    package init(
        every interval: Duration,
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) {
        let (seconds, attoseconds) = interval.components
        let milliseconds = max(1, Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000))
        let timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.setEventHandler(handler: handler)
        timer.schedule(
            deadline: .now(),
            repeating: .milliseconds(milliseconds),
            leeway: .milliseconds(milliseconds / 10)
        )
        timer.activate()
        self.timer = Mutex(timer)
    }

    deinit {
        timer.withLock { $0.cancel() }
    }
}
