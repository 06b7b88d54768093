import Admission
import Auditing
import Conditions
import Configuration
import Grants

/// The records that rules are in force.
extension AuditEntry {
    /// The version of the rules as each record of a policy carries it.
    private static let rules = [String(RulesVersion.current.rawValue)]

    /// Something besides the policy is another now.
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

extension PolicyManager {
    /// The reason of a refusal by signers in force that are not those on disk.
    func explained(_ reason: String) -> String {
        let claim = "is not in allowed_signers"
        guard let signersFailure, reason.contains(claim) else { return reason }
        return reason.replacing(claim, with: "is none of the signers in force")
            + "; those on disk are not in force: \(signersFailure)"
    }
}

extension PolicyManager {
    /// Notes whether the allowed signers in force are those on disk.
    func noteSigners() {
        let path = configuration.allowedSigners
        let condition = signersFailure.map {
            PolicyConditions.signersNotInForce(path, because: $0.description)
        }
        conditions.set(.signersNotInForce, condition)
    }

    /// Notes the conditions that follow from policy and commit.
    func noteState() {
        let found = commit.conditions(of: loaded.policy, at: path)
        for code in [ConditionCode.policyNotConfirmed, .policyOnTrial, .noWayBack] {
            conditions.set(code, found.filter { $0.code == code.rawValue })
        }
    }
}
