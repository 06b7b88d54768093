import Dispatch
import Glibc
import Synchronization
package import SystemPackage

/// Calls a handler on the engine's queue each time a descriptor is ready.
///
/// It watches a duplicate of its own, closed when Dispatch has let go of it, so whoever owns the
/// original may close it at any time. Ends when released or cancelled.
package final class DescriptorSource: Sendable {
    private struct State {
        let source: any DispatchSourceProtocol
        var isPaused = false
    }

    private let state: Mutex<State>

    /// Calls when there is something to read.
    ///
    /// The handler must read until nothing is left or the descriptor would be reported again at
    /// once.
    package convenience init(
        reading fileDescriptor: Int32,
        on executor: EngineExecutor,
        handler: @escaping @Sendable () -> Void
    ) throws(Errno) {
        try self.init(fileDescriptor, on: executor, handler) {
            DispatchSource.makeReadSource(fileDescriptor: $0, queue: $1)
        }
    }

    /// Calls when bytes are taken again.
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

    /// Calls no handler until `resume`; called on the engine's queue, from the next event on.
    package func pause() {
        state.withLock { state in
            guard !state.isPaused else { return }
            state.isPaused = true
            state.source.suspend()
        }
    }

    /// Calls again, at once if there was something meanwhile.
    package func resume() {
        state.withLock { state in
            guard state.isPaused else { return }
            state.isPaused = false
            state.source.resume()
        }
    }

    /// No handler call begins after this returns, if it is called on the engine's queue.
    package func cancel() {
        state.withLock { state in
            state.source.cancel()
            // Dispatch lets go of no source that is suspended.
            if state.isPaused { state.source.resume() }
            state.isPaused = false
        }
    }
}
