import Admission
import AgentInterface
import Auditing
import Conditions
import AgentSettings
import Grants

/// The records that rules are in force.
extension AuditEntry {
    /// The version of the rules as each record of a policy carries it.
    private static let rules = [String(RulesVersion.current.rawValue)]

    /// The record of a change in something besides the policy.
    static func loaded(_ text: String, _ file: String) -> Self {
        Self(.policyLoaded, text, fields: [.file: [file], .rules: rules])
    }

    /// A policy is in force, and the mode is another if it was `before`.
    static func loaded(
        _ next: LoadedPolicy,
        at path: String,
        _ commit: PolicyCommit,
        _ text: String?,
        after before: String?
    ) -> [Self] {
        let mode = next.configuration.policy.mode.rawValue
        var loaded = Self(
            .policyLoaded,
            text ?? "Policy loaded, in \(mode) mode",
            fields: [
                .file: [path], .mode: [mode], .policyDigest: [next.policy.digest],
                .evidence: [next.policy.text], .rules: rules,
            ]
        )
        loaded.fields.merge(commit.fields) { $1 }
        guard let before, before != mode else { return [loaded] }
        let change = "The mode changed from \(before) to \(mode)"
        return [loaded, Self(.modeChanged, change, fields: [.mode: [mode]])]
    }
}

extension KeyFiles {
    /// The records that other keys than those of `before` are in force.
    func loaded(_ configuration: Configuration, after before: Self) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        if signers.file != before.signers.file {
            entries.append(.loaded("Allowed signers loaded", configuration.allowedSigners))
        }
        if revoked.file != before.revoked.file {
            entries.append(.loaded("Revoked keys loaded", configuration.revokedKeys ?? ""))
        }
        return entries
    }

    /// The records that keys on disk are not in force, unless that is so for these reasons already.
    func refusals(_ configuration: Configuration, after known: [String?]) -> [AuditEntry] {
        var entries: [AuditEntry] = []
        if let problem = signersProblem, !known.contains(problem) {
            let rest = signers.file == nil ? "so nobody may sign" : "those in force stay"
            let text = "Allowed signers refused, \(rest)"
            entries.append(.refused(text, configuration.allowedSigners, because: problem))
        }
        if let problem = revokedProblem, !known.contains(problem) {
            let rest = revoked.file == nil ? "so no key counts" : "those in force stay"
            let text = "Revoked keys refused, \(rest)"
            entries.append(.refused(text, configuration.revokedKeys ?? "", because: problem))
        }
        return entries
    }
}

extension PolicyManager {
    /// The reason of a refusal by signers in force that are not those on disk.
    func explained(_ reason: String) -> String {
        let claim = "is not in allowed_signers"
        guard let signersProblem, reason.contains(claim) else { return reason }
        return reason.replacing(claim, with: "is none of the signers in force")
            + "; those on disk are not in force: \(signersProblem)"
    }
}

extension PolicyManager {
    /// Notes whether the keys in force are those on disk.
    func noteKeys() {
        let signers = signersProblem.map {
            PolicyConditions.signersNotInForce(configuration.allowedSigners, because: $0)
        }
        conditions.set(.signersNotInForce, signers)
        let revoked = revokedKeysProblem.map {
            PolicyConditions.revokedKeysNotInForce(configuration.revokedKeys ?? "", because: $0)
        }
        conditions.set(.revokedKeysNotInForce, revoked)
    }

    /// Notes the conditions that follow from policy, signers and commit.
    func noteState() {
        let found = commit.conditions(of: loaded.policy, at: path)
        for code in [ConditionCode.policyNotConfirmed, .policyOnTrial, .noWayBack] {
            conditions.set(code, found.filter { $0.code == code.rawValue })
        }
        let coverage = ApproverCoverage(of: policy, loaded.keys.signers.signers)
            .conditions(ofSigners: configuration.allowedSigners)
        for code in ApproverCoverage.codes {
            conditions.set(code, coverage.filter { $0.code == code.rawValue })
        }
    }
}
