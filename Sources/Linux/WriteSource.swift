import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// Calls a handler on the engine's queue each time a descriptor takes bytes again.
///
/// Keep it only while there is something to send: a socket that is not full is always reported.
/// Owns its descriptor as `ReadSource` does.
package final class WriteSource: Sendable {
    private let source: Mutex<any DispatchSourceWrite>

    package init(
        fileDescriptor: Int32,
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        let own = try OwnedDescriptor.duplicating(fileDescriptor).release()
        let source = DispatchSource.makeWriteSource(fileDescriptor: own, queue: executor.queue)
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
