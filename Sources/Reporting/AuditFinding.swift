package import Grants

/// A finding for the auditor.
package struct AuditFinding: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case trusted = "Trusted network"
        case observed = "Observe mode"
        case agentDown = "Agent not running"
        case tampered = "Tampering"
        case clockStepped = "Clock set"
        case hostChanged = "Another machine"
        case policyChanged = "Policy"
        case keysRevoked = "Revoked keys"
        case ownApproval = "Own approval"
        case unreadable = "Unreadable record"
    }

    package let kind: Kind
    /// The beginning; `nil` for a finding without a time.
    package let start: Moment?
    /// The end; `nil` for a point in time.
    package let end: Moment?
    package let text: String
    /// The network that it is about, if it is about one.
    package let network: String?

    package init(
        _ kind: Kind,
        from start: Moment?,
        to end: Moment? = nil,
        _ text: String,
        network: String? = nil
    ) {
        self.kind = kind
        self.network = network
        self.start = start
        self.end = end
        self.text = text
    }

    func lies(in period: Period) -> Bool {
        guard let start else { return true }
        return start < period.end && (end ?? start) >= period.start
    }
}
