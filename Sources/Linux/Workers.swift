import Dispatch
import Glibc
import Synchronization

/// Threads for work that can be divided, one for each core; the caller is one of them.
///
/// Each has a serial queue of its own, so that nothing runs on Dispatch's global pool, whose
/// monitor would wake an idle process for ever.
package struct Workers: Sendable {
    /// The least work that is shared: less is done sooner than another thread starts.
    private static let leastShared = 8
    /// The most threads: more cores would wait for each other's memory.
    private static let most = 8

    private let queues: [DispatchQueue]

    package init() {
        let cores = min(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), Self.most)
        queues = (1..<max(cores, 1)).map { DispatchQueue(label: "io.jitgate.worker-\($0)") }
    }

    /// The results of the same work on many values, in their order.
    package func map<Value: Sendable, Result: Sendable>(
        _ values: [Value],
        _ work: @escaping @Sendable (Value) -> Result
    ) -> [Result] {
        guard values.count >= Self.leastShared, !queues.isEmpty else { return values.map(work) }
        let shares = Shares<Result>()
        let group = DispatchGroup()
        let size = (values.count + queues.count) / (queues.count + 1)
        for (index, queue) in queues.enumerated() {
            let share = Array(values.dropFirst((index + 1) * size).prefix(size))
            queue.async(group: group) { shares.put(share.map(work), at: index + 1) }
        }
        shares.put(values.prefix(size).map(work), at: 0)
        group.wait()
        return shares.all
    }
}

/// The results of each worker.
private final class Shares<Result: Sendable>: Sendable {
    private let parts = Mutex<[Int: [Result]]>([:])

    func put(_ part: [Result], at index: Int) {
        parts.withLock { $0[index] = part }
    }

    var all: [Result] {
        parts.withLock { parts in parts.keys.sorted().flatMap { parts[$0] ?? [] } }
    }
}
