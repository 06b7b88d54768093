import Admission
package import Auditing
import AgentSettings
import Grants
package import Reporting

/// The policy files that records carry, each read once.
package struct RecordedPolicies {
    private var known: [String: ReportedPolicy] = [:]

    package init() {}

    /// The policy that a record puts into force, and the one that comes back at the end of its
    /// trial.
    package mutating func carried(
        by entry: AuditEntry
    ) -> (policy: ReportedPolicy?, fallback: ReportedPolicy?) {
        guard entry.event == .policyLoaded else { return (nil, nil) }
        return (policy(entry[.evidence]), policy(entry[.fallback]))
    }

    /// `nil` for one that this version cannot read.
    private mutating func policy(_ text: String?) -> ReportedPolicy? {
        guard let text else { return nil }
        if let policy = known[text] { return policy }
        guard let policy = try? Configuration(parsing: text, file: "a policy of the log").policy
        else { return nil }
        let reported = ReportedPolicy(
            mode: policy.mode.rawValue,
            trusted: policy.trusted.map(\.description)
        )
        known[text] = reported
        return reported
    }
}
