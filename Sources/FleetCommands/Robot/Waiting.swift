import Dispatch
import Synchronization

/// A call of an asynchronous library from a command, which is not.
enum Waiting {
    private final class Place<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }

    /// Waits for a result on the thread of the caller, which must not be one of the cooperative pool.
    static func result<Value: Sendable>(
        of body: @escaping @Sendable () async -> Value?
    ) -> Value? {
        let (place, done) = (Place<Value>(), DispatchSemaphore(value: 0))
        Task.detached {
            let value = await body()
            place.value.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        return place.value.withLock(\.self)
    }
}
