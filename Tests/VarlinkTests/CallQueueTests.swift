import Testing

@testable import Varlink

@Suite struct `The order of turns` {
    private let member: UInt32 = 1000
    private let other: UInt32 = 1001

    /// Takes out all that may go now.
    private func served(_ queue: inout CallQueue, at now: Int64) -> [Int] {
        var order: [Int] = []
        while case .connection(let id) = queue.next(at: now) { order.append(id) }
        return order
    }

    @Test func `is that of coming, for one user's connections`() {
        var queue = CallQueue()
        for id in [3, 1, 2, 1] { queue.add(id, of: member) }
        #expect(served(&queue, at: 0) == [3, 1, 2])
        #expect(queue.next(at: 0) == .nobody)
    }

    @Test func `has root before everybody else`() {
        var queue = CallQueue()
        queue.add(1, of: member)
        queue.add(2, of: 0)
        queue.add(3, of: 0)
        #expect(served(&queue, at: 0) == [2, 3, 1])
    }

    @Test func `has the user first who used the least, however many connections another has`() {
        var queue = CallQueue()
        queue.charge(20_000, to: member, at: 0)
        queue.charge(10_000, to: other, at: 0)
        for id in 0..<50 { queue.add(id, of: member) }
        queue.add(50, of: other)
        #expect(queue.next(at: 0) == .connection(50))
        #expect(queue.next(at: 0) == .connection(0))
    }

    @Test func `lets nobody but root use more than a tenth of the time`() {
        var queue = CallQueue()
        for user in [0, member] { queue.charge(500_000, to: user, at: 0) }
        queue.add(1, of: member)
        queue.add(2, of: 0)
        #expect(queue.next(at: 0) == .connection(2))
        // Half a second takes five to pay off, two of which may be owed.
        #expect(queue.next(at: 0) == .at(3_000_000))
        #expect(queue.next(at: 2_999_999) == .at(3_000_000))
        #expect(queue.next(at: 3_000_000) == .connection(1))
    }

    @Test func `does not make one user wait for another's debt`() {
        var queue = CallQueue()
        queue.charge(1_000_000, to: member, at: 0)
        queue.add(1, of: member)
        queue.add(2, of: other)
        #expect(served(&queue, at: 0) == [2])
    }

    @Test func `forgets a debt that was paid, and connections that have gone`() {
        var queue = CallQueue()
        queue.charge(1_000_000, to: member, at: 0)
        queue.charge(1000, to: member, at: 60_000_000)
        queue.add(1, of: member)
        queue.add(2, of: member)
        queue.remove(1, of: member)
        #expect(served(&queue, at: 60_000_000) == [2])
    }
}
