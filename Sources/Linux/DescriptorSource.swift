import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// Calls a handler on the engine's queue each time a descriptor is ready.
///
/// Watches a duplicate, closed after Dispatch has released it, so that the owner of the original
/// may close it at any time. Ends when released or cancelled.
package final class DescriptorSource: Sendable {
    private struct State {
        let source: any DispatchSourceProtocol
        var isPaused = false
    }

    private let state: Mutex<State>

    /// Calls the handler when the descriptor is readable.
    ///
    /// The handler must read until nothing is left, or the descriptor is reported again at once.
    package convenience init(
        reading fileDescriptor: Int32,
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        try self.init(fileDescriptor, on: executor, handler) {
            DispatchSource.makeReadSource(fileDescriptor: $0, queue: $1)
        }
    }

    /// Calls the handler when the descriptor is writable.
    ///
    /// Keep it only while there is something to send: a socket that is not full is always reported.
    package convenience init(
        writing fileDescriptor: Int32,
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        try self.init(fileDescriptor, on: executor, handler) {
            DispatchSource.makeWriteSource(fileDescriptor: $0, queue: $1)
        }
    }

    private init(
        _ fileDescriptor: Int32,
        on executor: EngineExecutor,
        _ handler: @escaping @Sendable () -> Void,
        _ make: (Int32, DispatchQueue) -> sending any DispatchSourceProtocol
    ) throws(Errno) {
        let own = try OwnedDescriptor.duplicating(fileDescriptor).release()
        let source = make(own, executor.queue)
        source.setEventHandler(handler: handler)
        source.setCancelHandler { close(own) }
        source.activate()
        state = Mutex(State(source: source))
    }

    deinit {
        cancel()
    }

    /// Suspends the calls until `resume`; to be called on the engine's queue, from the next event
    /// on.
    package func pause() {
        state.withLock { state in
            guard !state.isPaused else { return }
            state.isPaused = true
            state.source.suspend()
        }
    }

    /// Resumes the calls, at once if the descriptor became ready meanwhile.
    package func resume() {
        state.withLock { state in
            guard state.isPaused else { return }
            state.isPaused = false
            state.source.resume()
        }
    }

    /// Ends the calls: none begins after this returns if it is called on the engine's queue.
    package func cancel() {
        state.withLock { state in
            state.source.cancel()
            // Dispatch must not release a suspended source.
            if state.isPaused { state.source.resume() }
            state.isPaused = false
        }
    }
}
