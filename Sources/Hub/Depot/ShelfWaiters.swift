import Depot

/// The long polls that wait for a change of a shelf, by shelf and by the second in which they end.
///
/// A change costs as much as there are waiters for that shelf, and the passing of time as much as there are
/// waiters that it ends: there is no timer for each of them.
struct ShelfWaiters: Sendable {
    typealias Continuation = CheckedContinuation<Void, Never>

    private struct Waiter: Sendable {
        let shelves: [ShelfName]
        let continuation: Continuation
    }

    private var waiters: [UInt64: Waiter] = [:]
    private var byShelf: [ShelfName: Set<UInt64>] = [:]
    /// The waiters that end in each second; some of them are not there any more.
    private var ends: [Int64: [UInt64]] = [:]

    init() {}

    var count: Int { waiters.count }

    /// The second in which the next waiter ends, or ended already; `nil` if nobody waits.
    var nextEnd: Int64? { waiters.isEmpty ? nil : ends.keys.min() }

    mutating func add(
        _ id: UInt64,
        for shelves: [ShelfName],
        until second: Int64,
        _ continuation: Continuation
    ) {
        waiters[id] = Waiter(shelves: shelves, continuation: continuation)
        for shelf in shelves { byShelf[shelf, default: []].insert(id) }
        ends[second, default: []].append(id)
    }

    /// Ends the waiters for a shelf.
    mutating func wake(_ shelf: ShelfName) {
        for id in byShelf[shelf] ?? [] { end(id) }
    }

    /// Ends the waiters whose time is over.
    mutating func wake(until second: Int64) {
        for end in ends.keys where end <= second {
            for id in ends.removeValue(forKey: end) ?? [] { self.end(id) }
        }
    }

    mutating func wakeAll() {
        for id in Array(waiters.keys) { end(id) }
    }

    /// Ends a waiter, if it is there.
    mutating func end(_ id: UInt64) {
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        for shelf in waiter.shelves {
            byShelf[shelf]?.remove(id)
            if byShelf[shelf]?.isEmpty ?? false { byShelf[shelf] = nil }
        }
        if waiters.isEmpty { ends = [:] }
        waiter.continuation.resume()
    }
}
