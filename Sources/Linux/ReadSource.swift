import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// Calls a handler on the engine's queue each time a descriptor has something to read.
///
/// It watches a duplicate of its own, closed when Dispatch has let go of it, so whoever owns the
/// original may close it at any time. The handler must read until nothing is left or the
/// descriptor would be reported again at once. Ends when released or cancelled.
package final class ReadSource: Sendable {
    private let source: Mutex<any DispatchSourceRead>

    package init(
        fileDescriptor: Int32,
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        let own = try OwnedDescriptor.duplicating(fileDescriptor).release()
        let source = DispatchSource.makeReadSource(fileDescriptor: own, queue: executor.queue)
        source.setEventHandler(handler: handler)
        source.setCancelHandler { close(own) }
        source.activate()
        self.source = Mutex(source)
    }

    deinit {
        cancel()
    }

    /// No handler call begins after this returns, if it is called on the engine's queue.
    package func cancel() {
        source.withLock { $0.cancel() }
    }
}
