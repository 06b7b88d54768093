package import Grants
package import Signatures

/// Whether a grant may open what it asks for on this host.
package struct Admission: Sendable {
    private let policy: Policy
    private let host: HostIdentity

    private static let rules: [Rule] = [
        .host, .history, .expiry, .protectedPorts, .duration, .widestSource, .wholeInternet,
        .allowedSources, .approvals, .justification,
    ]

    package init(policy: Policy, host: HostIdentity) {
        self.policy = policy
        self.host = host
    }

    /// Asks every rule, also after one has refused, so that all that is wrong is said at once.
    package func judge(
        _ grant: Grant,
        signedBy payload: SignedPayload,
        history: GrantHistory,
        at now: Moment
    ) -> Judgement {
        let item = Case(
            grant: grant,
            payload: payload,
            history: history,
            policy: policy,
            host: host,
            now: now
        )
        let checks = Self.rules.map { rule in
            let refusal = rule.breach(item).map { field, reason, remedy in
                Refusal(rule: rule.name, field: field, reason: reason, remedy: remedy)
            }
            return Check(rule: rule.name, refusal: refusal)
        }
        let isAdmitted = checks.allSatisfy { $0.refusal == nil }
        let admitted = AdmittedGrant(
            grant: grant,
            approvals: payload.approvals,
            sha256: payload.sha256
        )
        return Judgement(checks: checks, admitted: isAdmitted ? admitted : nil)
    }

    /// Why a revocation is not for this host, or `nil` if it is.
    ///
    /// One allowed signer is enough.
    package func refusal(of revocation: Revocation) -> Refusal? {
        guard !revocation.hosts.contains(where: { $0.matches(host) }) else { return nil }
        return Refusal(
            rule: Rule.host.name,
            field: "hosts",
            reason: "none of them is this host",
            remedy: "this host is \(host.hostname) or machine-id:\(host.machineID)"
        )
    }
}

extension HostPattern {
    func matches(_ host: HostIdentity) -> Bool {
        matches(hostname: host.hostname, machineID: host.machineID)
    }
}
