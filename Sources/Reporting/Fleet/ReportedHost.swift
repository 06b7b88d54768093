package import Grants

/// The result of comparing the log of a host with what others know of it.
package struct ReportedLog: Hashable, Sendable {
    package enum Outcome: String, Hashable, Sendable, CaseIterable {
        /// It is intact, and begins with all records that the witness has seen.
        case verified
        /// It is intact, and lacks records that the witness has seen.
        case behind
        /// It is intact, and no witness knows the host.
        case unwitnessed
        /// It is not intact, or not the one that the witness has seen.
        case failed
        /// None was collected.
        case absent
        /// There can be none that is verified: the inventory has no key of the host.
        case unexpected
    }

    package let outcome: Outcome
    /// More about the outcome, for people.
    package let reason: String
    /// The number of records that the checkpoint signs, and its root in base64.
    package var size: UInt64?
    package var root: String?

    package init(_ outcome: Outcome, _ reason: String) {
        (self.outcome, self.reason) = (outcome, reason)
    }
}

/// A fork of a host's log that a person accepted.
package struct ReportedFork: Hashable, Sendable {
    package let kind: String
    package let seen: Moment
    /// The time and the reason of its acceptance; `nil` if nobody accepted it.
    package let accepted: Moment?
    package let reason: String

    package init(_ kind: String, seen: Moment, accepted: Moment?, reason: String) {
        (self.kind, self.seen, self.accepted, self.reason) = (kind, seen, accepted, reason)
    }
}

/// A host as its fleet knows it.
package struct ReportedHost: Hashable, Sendable {
    package let name: String
    package let group: String
    /// The state of docs/PROTOCOL.fleet, section 7, and its reason.
    package let state: String
    package let stateReason: String
    package var forks: [ReportedFork] = []
    /// The SHA-256 of the allowed signers in force, as the host says.
    package var signers: String?
    /// The networks that it trusts, as the host says.
    package var trusted: [String] = []

    package init(_ name: String, group: String, state: String, reason: String) {
        (self.name, self.group, self.state, self.stateReason) = (name, group, state, reason)
    }

    /// True if its fleet hears it and may believe it.
    var isKnown: Bool {
        !["silent", "unverified", "forked", "not-configured", "unsupported"].contains(state)
    }
}

/// A host with the numbers of the period.
package struct FleetRow: Hashable, Sendable {
    package let host: ReportedHost
    package let log: ReportedLog
    package internal(set) var records = 0
    package internal(set) var openings = 0
    package internal(set) var used = 0
    package internal(set) var dormant = 0
    package internal(set) var long = 0
    package internal(set) var alarms = 0
    package internal(set) var unreviewed = 0
    package internal(set) var refused: Int64 = 0
    package internal(set) var denied: Int64 = 0
    package internal(set) var findings = 0

    init(_ host: ReportedHost, _ log: ReportedLog) {
        (self.host, self.log) = (host, log)
    }
}
