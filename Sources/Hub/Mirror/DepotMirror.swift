import CommandSupport
import Depot
import Grants
import HubStorage
import Logging
import Publishing
import ServiceLifecycle

/// Keeps a static depot as the hub's own is: every index with its files, and the bulletin.
///
/// What has to be put follows from the store alone (`MirrorRecords.behind`), so that a crash at any moment loses nothing;
/// changes that are heard of save reading all of it. Without work it sleeps, and gives the lease back.
actor DepotMirror: Service {
    struct Times: Hashable, Sendable {
        var lease = MirrorLease.Times()
        /// The time between two looks at everything that the depot has.
        var look: Duration = .seconds(3600)
        /// The longest pause after failures.
        var longestPause: Duration = Cadence.longestPause
    }

    private let depot: StaticDepot
    private let changes: ChangeFeed
    private let mirroring: Mirroring
    private let lease: MirrorLease
    private let logger: Logger
    private let times: Times
    private let counters: HubCounters
    private var isOpen = false
    private var work = MirrorWork()
    private var bell = MirrorBell()
    private var failures = 0
    private var nextLook: ContinuousClock.Instant

    init(
        _ depot: StaticDepot,
        _ database: any Database,
        _ changes: ChangeFeed,
        _ people: People,
        of name: HubName,
        counters: HubCounters,
        logger: Logger,
        times: Times = Times(),
        now: @escaping @Sendable () -> Moment
    ) {
        (self.depot, self.changes, self.counters) = (depot, changes, counters)
        (self.logger, self.times) = (logger, times)
        lease = MirrorLease(database, of: name, times: times.lease)
        mirroring = Mirroring(
            depot: depot,
            database: database,
            lease: lease,
            people: people,
            now: now
        )
        nextLook = .now + times.look
    }

    /// Follows the changes of the store until the hub stops.
    func run() async {
        let news = changes.listen().news
        await withTaskGroup { group in
            group.addTask { await self.keepUp() }
            for await news in news { follow(news) }
            depot.stop()
            bell.end()
        }
    }

    private func follow(_ news: ChangeFeed.News) {
        switch news {
        case .everything: work.isUnread = true
        case .changes(let changes):
            for object in changes.compactMap(\.mirrored) { work.add(object, isNews: true) }
            guard work.hasChanges else { return }
        }
        bell.ring()
    }

    // MARK: rounds

    private func keepUp() async {
        while !bell.isOver {
            do throws(MirrorError) {
                let next = try await round()
                let hadFailed = failures > 0
                failures = 0
                // It may have been emptied, or restored from a copy, while it was away.
                if hadFailed { nextLook = .now } else { await sleep(until: next) }
            } catch {
                await fail(error)
            }
        }
        do throws(StorageError) {
            try await lease.giveBack()
        } catch {
            logger.error("the lease was not given back", metadata: ["reason": "\(error)"])
        }
    }

    /// Brings the depot up to date.
    ///
    /// - Returns: the time of the next round, unless something changes before.
    private func round() async throws(MirrorError) -> ContinuousClock.Instant {
        if !isOpen {
            try await mirroring.open()
            isOpen = true
        }
        if work.isUnread {
            for object in try await mirroring.behind() { work.add(object) }
            work.isUnread = false
        }
        if nextLook <= .now {
            work.look(at: try await mirroring.all())
            nextLook = .now + times.look
        }
        while let (object, isLook) = work.next() {
            guard try await mirroring.holdsLease() else {
                // The other hub does the work; what it leaves is seen in the store.
                work.leave()
                return min(await lease.nextTry, nextLook)
            }
            try await mirror(object, isLook: isLook)
            guard !bell.isOver else { return .now }
        }
        try await mirroring.giveBackLease()
        return work.secondLook.map { min($0, nextLook) } ?? nextLook
    }

    private func mirror(_ object: DepotObject, isLook: Bool) async throws(MirrorError) {
        let result: Mirroring.Result
        do throws(MirrorError) {
            result = try await mirroring.mirror(object, isLook: isLook, knowing: work.present)
        } catch {
            work.returned(object, isLook: isLook)
            throw error
        }
        work.present.formUnion(result.present)
        if result.isUnfinished { work.returned(object, isLook: isLook) }
        if !result.isSure { work.doubt(object, until: .now + SecondLook.pause) }
        guard result.isLost else { return }
        logger.warning(
            "the static depot lacks what was there: all of it is looked at",
            metadata: ["object": "\(object.path)", "depot": "\(depot.name)"]
        )
        try await mirroring.doubtAll()
        for object in try await mirroring.behind() { work.add(object) }
    }

    private func fail(_ error: MirrorError) async {
        guard !bell.isOver else { return }
        failures += 1
        logger.error(
            "the static depot is behind",
            metadata: ["depot": "\(depot.name)", "reason": "\(error)", "failures": "\(failures)"]
        )
        counters.countPublishFailure()
        work.isUnread = true
        _ = try? await mirroring.giveBackLease()
        var random = SystemRandomNumberGenerator()
        let pause = Cadence.pause(afterFailures: failures, using: &random)
        let end = ContinuousClock.now + min(pause, times.longestPause)
        while ContinuousClock.now < end, !bell.isOver { await sleep(until: end) }
    }

    private func sleep(until end: ContinuousClock.Instant) async {
        guard let sleeper = bell.sleeper(until: end) else { return }
        await sleeper.value
        bell.wake()
    }
}

extension Change {
    /// The object of the depot that has changed; `nil` if it is none that is mirrored.
    fileprivate var mirrored: DepotObject? {
        switch topic {
        case .shelf: ShelfName(name).map(DepotObject.index)
        case .bulletin: .bulletin
        default: nil
        }
    }
}
