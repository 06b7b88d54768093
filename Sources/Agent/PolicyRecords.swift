import Admission
import Auditing
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
        guard let signersProblem, reason.contains(claim) else { return reason }
        return reason.replacing(claim, with: "is none of the signers in force")
            + "; those on disk are not in force: \(signersProblem)"
    }
}
