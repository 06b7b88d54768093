package import Grants
package import Signatures

/// Judges whether a grant may open the ports that it asks for on this host.
package struct Admission: Sendable {
    let policy: Policy
    let host: HostIdentity
    /// The keys whose signatures do not count.
    package var barredKeys = BarredKeys()

    var signatures: SignatureRules {
        SignatureRules(passkeys: policy.passkeys, barredKeys: barredKeys)
    }

    /// The rules of a version, in the order of evaluation.
    private static func rules(of version: RulesVersion) -> [Rule] {
        let hasPeople = version >= .second
        let first: [Rule] = [.host, .history, .expiry, .protectedPorts, .duration]
        let sources: [Rule] = [.widestSource, .wholeInternet, .allowedSources]
        return first + (hasPeople ? [.wait] : []) + sources
            + [
                .revokedKeys, hasPeople ? .approvals : .approvalsByFirstName, .justification,
                .ticket,
                .supersedes,
            ] + (version >= .fourth ? [.bars] : [])
    }

    package init(policy: Policy, host: HostIdentity) {
        self.policy = policy
        self.host = host
    }

    /// Evaluates all rules of a version, even after a refusal, so that one answer names all faults.
    ///
    /// Where the time is not known well enough (`isTimed`), the times that an `[[approver]]` limits
    /// are not looked at.
    package func judge(
        _ grant: Grant,
        signedBy payload: SignedPayload,
        history: GrantHistory,
        superseding superseded: [GrantID: SupersededGrant] = [:],
        barredBy bar: Bar? = nil,
        at now: Moment,
        under version: RulesVersion = .current,
        isTimed: Bool = true
    ) -> Judgement {
        var item = Case(
            grant: grant,
            payload: JudgedSignatures(signatures: payload.signatures, sha256: payload.sha256),
            history: history,
            superseded: superseded,
            bar: bar,
            policy: policy,
            host: host,
            signatures: signatures,
            now: now,
            isTimed: isTimed
        )
        item.weighSignatures()
        let checks = Self.checks(of: item, under: version)
        let isAdmitted = checks.allSatisfy { $0.refusal == nil }
        let admitted = AdmittedGrant(
            grant: grant,
            approvals: payload.approvals,
            sha256: payload.sha256
        )
        return Judgement(
            checks: checks,
            roles: roles(of: item),
            allowances: item.allowances,
            breakGlass: version >= .third ? item.breakGlass : nil,
            alarms: item.alarms,
            admitted: isAdmitted ? admitted : nil
        )
    }

    static func checks(of item: Case, under version: RulesVersion) -> [Check] {
        rules(of: version).map { rule in
            let refusal = rule.breach(item).map { field, reason, remedy in
                Refusal(rule: rule.name, field: field, reason: reason, remedy: remedy)
            }
            return Check(rule: rule.name, refusal: refusal)
        }
    }

    /// The role of each signature under the strictest demand of any port of the grant.
    func roles(of item: Case) -> [SignatureRole] {
        let count = ApprovalCount(item, item.allowances, for: item.strictestDemand)
        let alarms = item.approvalGap == nil ? [] : item.alarms
        return item.payload.signatures.indices.map { index in
            guard alarms.indices.contains(index), let number = alarms[index].first else {
                return count.role(of: index)
            }
            return .breaksGlass(number)
        }
    }
}

extension HostPattern {
    func matches(_ host: HostIdentity) -> Bool {
        matches(hostname: host.hostname, machineID: host.machineID, labels: host.labels)
    }
}

extension HostIdentity: CustomStringConvertible {
    /// The names by which grants can refer to the host.
    package var description: String {
        let names = "\(hostname) or machine-id:\(machineID)"
        return labels.isEmpty ? names : "\(names), label:\(HostLabel.text(of: labels))"
    }
}
