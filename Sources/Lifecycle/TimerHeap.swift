import Grants

/// Moments at which something is due, earliest first: a binary heap.
///
/// Entries are never removed early; the caller checks whether an entry still holds. A change costs
/// O(log n), so what a wake-up costs does not grow with the grants that are not due.
struct TimerHeap: Sendable {
    struct Entry: Sendable {
        let moment: Moment
        let id: GrantID
    }

    private var heap: [Entry] = []

    var first: Entry? { heap.first }

    /// The first entry that still holds; forgets those before it.
    mutating func first(where holds: (Entry) -> Bool) -> Entry? {
        while let first {
            if holds(first) { return first }
            _ = popFirst()
        }
        return nil
    }

    mutating func add(_ moment: Moment, _ id: GrantID) {
        heap.append(Entry(moment: moment, id: id))
        var child = heap.count - 1
        while child > 0, heap[child].moment < heap[(child - 1) / 2].moment {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> Entry? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        sink()
        return first
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = 2 * parent + 1
            guard least < heap.count else { return }
            if least + 1 < heap.count, heap[least + 1].moment < heap[least].moment { least += 1 }
            guard heap[least].moment < heap[parent].moment else { return }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
