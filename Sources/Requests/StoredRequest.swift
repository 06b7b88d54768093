package import Depot
package import Grants

/// The state of a request as the store has it; the others follow from it (docs/PROTOCOL.hub, section 3).
package enum StoredState: String, Hashable, Sendable, CaseIterable {
    case pending
    case published
    case denied
    case withdrawn
    case lapsed
}

/// A decision about a request, as it is kept.
package struct KeptDecision: Hashable, Sendable {
    package let decision: DecisionDocument.Kind
    package let by: String
    package let reason: String
    /// The signed file; `nil` if a person without a key withdrew by a session.
    package let file: [UInt8]?
    package let at: Moment

    package init(
        _ decision: DecisionDocument.Kind,
        by name: String,
        reason: String,
        file: [UInt8]?,
        at moment: Moment
    ) {
        (self.decision, by, self.reason) = (decision, name, reason)
        (self.file, at) = (file, moment)
    }
}

/// A file of a request on a shelf.
package struct ShelvedFile: Hashable, Sendable {
    package let shelf: ShelfName
    package let digest: String
    package let made: Moment

    package init(shelf: ShelfName, digest: String, made: Moment) {
        (self.shelf, self.digest, self.made) = (shelf, digest, made)
    }
}

/// The opening of a request that a host has reported.
package struct ReportedOpening: Hashable, Sendable {
    package let host: ShelfName
    package let opened: Moment
    package let deadline: Moment
    /// The moment at which the host first reported it no more.
    package let closed: Moment?

    package init(host: ShelfName, opened: Moment, deadline: Moment, closed: Moment?) {
        (self.host, self.opened) = (host, opened)
        (self.deadline, self.closed) = (deadline, closed)
    }

    package func isOpen(at now: Moment) -> Bool { closed == nil && deadline > now }

    /// The end of it; `nil` while it is open.
    func end(at now: Moment) -> Moment? { closed ?? (deadline <= now ? deadline : nil) }
}

/// A request with all that is kept about it.
package struct StoredRequest: Hashable, Sendable {
    package let request: AccessRequest
    package var state: StoredState
    package var since: Moment
    package var signatures: [CollectedSignature] = []
    package var decision: KeptDecision?
    package var publications: [ShelvedFile] = []
    package var openings: [ReportedOpening] = []

    package init(_ request: AccessRequest, state: StoredState, since: Moment) {
        (self.request, self.state, self.since) = (request, state, since)
    }

    /// The moment from which a request that waits is over.
    package var lapses: Moment { min(request.lapses, request.grant.expires) }
}

extension StoredRequest {
    /// The state as people see it, and the moment since which it is that.
    ///
    /// `outlook` is looked at while the request waits or may still open; without it a request that has
    /// all approvals is pending still.
    package func state(
        by outlook: RequestOutlook?,
        at now: Moment
    ) -> (state: AccessRequest.State, since: Moment) {
        switch state {
        case .denied: return (.denied, since)
        case .withdrawn: return (.withdrawn, since)
        case .lapsed: return (.lapsed, since)
        case .pending where now >= lapses: return (.lapsed, lapses)
        case .pending:
            let last = signatures.map(\.added).max() ?? since
            return outlook?.isApproved ?? false ? (.approved, max(since, last)) : (.pending, since)
        case .published: return publishedState(by: outlook, at: now)
        }
    }

    private func publishedState(
        by outlook: RequestOutlook?,
        at now: Moment
    ) -> (state: AccessRequest.State, since: Moment) {
        let open = openings.filter { $0.isOpen(at: now) }
        if let first = open.map(\.opened).min() { return (.open, first) }
        let ends = openings.compactMap { $0.end(at: now) }
        guard now < request.grant.expires else {
            let isOver = !ends.isEmpty && isOpenedEverywhere(outlook)
            return (.ended, isOver ? ends.max() ?? now : request.grant.expires)
        }
        guard let last = ends.max(), isOpenedEverywhere(outlook) else { return (.published, since) }
        return (.ended, last)
    }

    /// True if no host is left on which it might still open.
    private func isOpenedEverywhere(_ outlook: RequestOutlook?) -> Bool {
        guard let outlook else { return false }
        let opened = Set(openings.map(\.host))
        return outlook.hosts.allSatisfy {
            opened.contains($0.host) || $0.isRefused || $0.isGone
        }
    }

    /// The number of hosts on which it is open.
    package func openCount(at now: Moment) -> Int { openings.count { $0.isOpen(at: now) } }
}
