package import Grants

/// A grant that has ended, for questions about the past.
package struct EndedGrant: Hashable, Sendable {
    /// The record of its end.
    package let entry: AuditEntry
    /// The time when access began; `nil` if it never did.
    package let openedAt: Moment?
    package let endedAt: Moment

    init(entry: AuditEntry, openedAt: Moment?, endedAt: Moment) {
        self.entry = entry
        self.openedAt = openedAt
        self.endedAt = endedAt
    }

    init(entry: AuditEntry, after grantState: GrantState?, at moment: Moment) {
        self.entry = entry.withoutEvidence
        if case .open(_, let since, _) = grantState { openedAt = since } else { openedAt = nil }
        endedAt = moment
    }
}

/// The last grants that ended, oldest first: bounded, the log has the rest.
package struct RecentEndings: Hashable, Sendable {
    /// The number of endings that are always remembered.
    private static let bound = 500
    /// The number that may come before the oldest go, all at once, since that moves the others.
    private static let slack = 50

    private var endings: [EndedGrant] = []

    package init() {}

    package var all: [EndedGrant] { Array(endings.suffix(Self.bound)) }

    mutating func add(_ ending: EndedGrant) {
        endings.append(ending)
        if endings.count >= Self.bound + Self.slack { endings.removeFirst(Self.slack) }
    }
}
