import Auditing

/// The events of a period that have no record of their own, as other records count them.
package struct LeftOut: Hashable, Sendable {
    package private(set) var refusedFiles: Int64 = 0
    /// The number of files in inboxes that were refused, all of which are counted alone.
    package private(set) var refusedOffers: Int64 = 0
    /// The number of packets that no grant covered.
    package private(set) var denied: Int64 = 0
    /// The number of connections that grants admitted.
    package private(set) var uses: Int64 = 0
    /// The number of packets under grants that nothing proves to belong to a connection.
    package private(set) var unproved: Int64 = 0
    /// The number of packets, used or denied, that never reached the agent.
    package private(set) var lost: Int64 = 0

    init() {}

    mutating func take(_ entry: AuditEntry) {
        let count = entry.number(.missed) ?? 0
        switch entry.event {
        case .grantRefused: refusedFiles.add(count)
        case .offersRefused: refusedOffers.add(count)
        case .grantUsed: uses.add(count)
        case .attemptDenied: denied.add(count)
        case .attemptsSummary where entry[.reason] == "lost": lost.add(count)
        case .attemptsSummary where entry[.grant] != nil: unproved.add(count)
        case .attemptsSummary: denied.add(count)
        default: break
        }
    }

    /// The counts in words, for people; empty if all events have a record.
    var parts: [String] {
        [
            (refusedFiles, "refused files"), (refusedOffers, "refused offers"),
            (denied, "denied packets"),
            (uses, "connections under grants"),
            (unproved, "packets under grants that prove no connection"),
            (lost, "packets that did not reach the agent"),
        ]
        .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }
}
