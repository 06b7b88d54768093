package import Grants

/// Grants from inboxes that do not open while no fresh bulletin shows that nobody withholds anything.
package struct HeldOffers: Sendable {
    /// True while they wait.
    private var areHeld = false
    /// Those whose time has come, and that would be open.
    package private(set) var waiting: Set<GrantID> = []
    /// Those that root dropped, too: they do not wait.
    private var exempt: Set<GrantID> = []

    private func holds(_ entry: Lifecycle.Entry) -> Bool {
        areHeld && entry.provenance?.origin == .inbox && !exempt.contains(entry.id)
    }

    /// Leaves only those of the grants that are to open now that do not wait for a bulletin.
    mutating func holdBack(
        _ opens: [GrantID],
        in grants: EntryTable,
        _ timers: inout GrantTimers
    ) -> [GrantID] {
        guard areHeld else { return opens }
        return opens.filter { id in
            guard let entry = grants[id], holds(entry) else { return true }
            timers.settle(id)
            // What opens at once has no alarm for the end of its waiting.
            if let expires = entry.grant?.expires { timers.end(id, at: expires, early: false) }
            waiting.insert(id)
            return false
        }
    }

    mutating func forget(_ id: GrantID) {
        waiting.remove(id)
        exempt.remove(id)
    }

    // MARK: changes

    /// Lets no grant open from now on that came by an inbox; what is open stays so.
    package static func hold(in lifecycle: inout Lifecycle) { lifecycle.offers.areHeld = true }

    /// Lets them open again, at once where their time has come.
    package static func release(in lifecycle: inout Lifecycle) {
        guard lifecycle.offers.areHeld else { return }
        let waiting = lifecycle.offers.waiting
        (lifecycle.offers.areHeld, lifecycle.offers.waiting) = (false, [])
        for id in waiting { start(id, in: &lifecycle) }
    }

    /// Notes that root dropped the file of an offer, too, so that it does not wait.
    package static func exempt(_ id: GrantID, in lifecycle: inout Lifecycle) {
        lifecycle.offers.waiting.remove(id)
        lifecycle.offers.exempt.insert(id)
        start(id, in: &lifecycle)
    }

    private static func start(_ id: GrantID, in lifecycle: inout Lifecycle) {
        guard let entry = lifecycle.grants[id], entry.phase.isYetToOpen, let grant = entry.grant
        else { return }
        lifecycle.timers.start(id, at: grant.start)
    }
}
