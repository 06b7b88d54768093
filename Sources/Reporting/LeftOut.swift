import Auditing

/// How much happened in a period that has no record of its own, as other records count it.
package struct LeftOut: Hashable, Sendable {
    package private(set) var refusedFiles: Int64 = 0
    /// Packets that no grant covered.
    package private(set) var denied: Int64 = 0
    /// Connections that grants let in.
    package private(set) var uses: Int64 = 0
    /// Packets under grants of which nothing proves that they were of a connection.
    package private(set) var unproved: Int64 = 0
    /// Packets of which the agent never heard, used or denied.
    package private(set) var lost: Int64 = 0

    init() {}

    mutating func take(_ entry: AuditEntry) {
        let count = entry.number(.missed) ?? 0
        switch entry.event {
        case .grantRefused: refusedFiles.add(count)
        case .grantUsed: uses.add(count)
        case .attemptDenied: denied.add(count)
        case .attemptsSummary where entry[.reason] == "lost": lost.add(count)
        case .attemptsSummary where entry[.grant] != nil: unproved.add(count)
        case .attemptsSummary: denied.add(count)
        default: break
        }
    }

    /// What there is, for people; empty if everything has a record.
    var parts: [String] {
        [
            (refusedFiles, "refused files"), (denied, "denied packets"),
            (uses, "connections under grants"),
            (unproved, "packets under grants that prove no connection"),
            (lost, "packets that did not reach the agent"),
        ]
        .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    }
}
