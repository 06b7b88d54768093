package import Dispatch

/// The one serial queue on which the agent decides and acts.
///
/// It is a serial executor for the agent's actors and a task executor for its tasks, so that no job
/// ever reaches the global pool: its first job would start a wake-up every second that never ends.
/// With nothing to do the agent sleeps until a descriptor is readable.
package final class EngineExecutor: SerialExecutor, TaskExecutor {
    package let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            unsafe job.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(),
                taskExecutor: self.asUnownedTaskExecutor()
            )
        }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Lets a handler of this queue use `assumeIsolated` on an actor that runs on it (SE-0424).
    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
