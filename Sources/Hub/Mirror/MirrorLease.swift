import HubStorage

/// The right to write to the static depot, which one hub has at a time.
///
/// A hub that has it renews it; another takes it when it was given back, or has not been renewed for as long as it lasts,
/// by that hub's own clock: the hubs need not agree on the time.
actor MirrorLease {
    struct Times: Hashable, Sendable {
        /// The time for which a lease lasts.
        var length: Duration = .seconds(120)
        /// The age at which it is renewed.
        var renewal: Duration = .seconds(30)
        /// The time that must be left when a request begins that writes; none takes longer.
        var margin: Duration = .seconds(40)
    }

    private let database: any Database
    private let times: Times
    private let name: HubName
    /// The time at which it was last claimed; `nil`: this hub has it not.
    private var claimed: ContinuousClock.Instant?
    /// The lease of another hub, and when it was first seen.
    private var other: (lease: Lease, seen: ContinuousClock.Instant)?

    init(_ database: any Database, of name: HubName, times: Times = Times()) {
        (self.database, self.name, self.times) = (database, name, times)
    }

    /// Claims or renews the lease.
    ///
    /// - Returns: the time until which this hub may begin to write; `nil` if another has the lease.
    func hold() async throws(StorageError) -> ContinuousClock.Instant? {
        let now = ContinuousClock.now
        if let claimed, now - claimed < times.renewal { return end(claimed) }
        claimed = nil
        let (hub, lapsed) = (name.text, lapsed(at: now))
        let lease = try await database.write { statements throws(StorageError) in
            try MirrorRecords(statements: statements).claim(for: hub, lapsed: lapsed)
        }
        guard lease.holder == hub else {
            if other?.lease != lease { other = (lease, now) }
            return nil
        }
        (claimed, other) = (now, nil)
        return end(now)
    }

    /// The time at which another hub's lease lapses unless it is renewed.
    var nextTry: ContinuousClock.Instant {
        (other?.seen ?? .now) + times.length
    }

    private func end(_ claimed: ContinuousClock.Instant) -> ContinuousClock.Instant {
        claimed + times.length - times.margin
    }

    private func lapsed(at now: ContinuousClock.Instant) -> Lease? {
        guard let other, now - other.seen >= times.length else { return nil }
        return other.lease
    }

    /// Gives the lease back, if this hub has it.
    func giveBack() async throws(StorageError) {
        guard claimed != nil else { return }
        claimed = nil
        let hub = name.text
        try await database.write { statements throws(StorageError) in
            try MirrorRecords(statements: statements).giveBack(from: hub)
        }
    }
}
