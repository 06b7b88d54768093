package import Grants

/// Conditions of the policy and of the allowed signers.
package enum PolicyConditions {
    /// The reason that a policy cannot be loaded from disk.
    package enum Fault: Hashable, Sendable {
        case notPermitted, missing, wrong
    }

    /// The policy on disk cannot be loaded.
    package static func policyUnreadable(
        _ path: String,
        _ fault: Fault,
        because reason: String
    ) -> Condition {
        let remedy =
            switch fault {
            case .notPermitted: Remedy.asRoot
            case .missing:
                "an empty one means the defaults: "
                    + "sudo install -D -m 644 /dev/null \(ShellWord.quoted(path))"
            case .wrong: "jitgate policy check \(ShellWord.quoted(path))"
            }
        return Condition(.policyUnreadable, path, reason, mend: remedy)
    }

    /// The policy in force is not the one on disk.
    package static func policyNotInForce(_ path: String, because reason: String) -> Condition {
        Condition(
            .policyNotInForce,
            path,
            "the policy on disk is not in force: \(reason)",
            mend: "correct it (jitgate policy check \(ShellWord.quoted(path))), "
                + "then systemctl reload jitgated"
        )
    }

    /// The policy on disk was on trial, and nobody confirmed it.
    package static func policyNotConfirmed(_ path: String) -> Condition {
        Condition(
            .policyNotConfirmed,
            path,
            "the policy on disk was not confirmed in time, so the one before it is in force",
            mend: "restore \(path), or try or reload it"
        )
    }

    /// The policy in force gives way unless it is confirmed.
    package static func policyOnTrial(_ path: String, until deadline: Moment) -> Condition {
        let message = "the policy is on trial until \(deadline)"
        return Condition(.policyOnTrial, path, message, mend: "sudo jitgate confirm")
    }

    /// The policy only observes.
    package static func observing(_ path: String) -> Condition {
        Condition(
            .observing,
            path,
            "\(path) observes: nothing is denied",
            mend: "when the log shows what you expect: mode = \"enforce\", jitgate try"
        )
    }

    /// The policy enforces, and no network gets in without a grant.
    package static func noWayBack(_ path: String) -> Condition {
        Condition(
            .noWayBack,
            path,
            "the policy enforces and trusts no network: if nobody can sign a grant, only the "
                + "console of the machine leads in",
            mend: "name a network of your own in `trusted`, or make sure of the console "
                + "(OPERATING.md, Break-glass)"
        )
    }

    // MARK: signers

    /// The allowed signers in force are not those on disk.
    package static func signersNotInForce(_ path: String, because reason: String) -> Condition {
        Condition(
            .signersNotInForce,
            path,
            "the allowed signers on disk are not in force: \(reason)",
            mend: "correct the file; the agent notices, and reads it again every 5 s"
        )
    }

    /// There is no file of allowed signers.
    package static func signersMissing(
        _ path: String,
        because reason: String,
        needRequests: Bool
    ) -> Condition {
        let remedy = newSigner("ssh-ed25519 …", in: path, needRequests)
        return Condition(.signersMissing, path, reason, mend: remedy)
    }

    /// A line of the allowed signers is malformed, which refuses the whole file.
    package static func signersMalformed(_ path: String, because reason: String) -> Condition {
        Condition(
            .signersMalformed,
            path,
            "\(path): \(reason)",
            mend: "mend that line; an agent that read a good one goes on by it"
        )
    }

    /// The file of allowed signers names nobody.
    package static func signersEmpty(_ path: String, needRequests: Bool) -> Condition {
        let remedy = newSigner("$(cat id_ed25519.pub)", in: path, needRequests)
        let message = "\(path) names nobody: no grant can be signed"
        return Condition(.signersEmpty, path, message, mend: remedy)
    }

    /// The requestor has to sign, and nobody may sign as one.
    package static func requestorsCannotSign(_ path: String) -> Condition {
        Condition(
            .requestorsCannotSign,
            path,
            "policy has separate_requestor, and no line of \(path) names jitgate-request in "
                + "namespaces=: no requestor can sign, so no grant opens the ports that ask for it",
            mend: newSigner("$(cat id_ed25519.pub)", in: path, true)
        )
    }

    // MARK: approvers

    /// No `[[approver]]` limits a signer, for signatures of these kinds or of any, and others have
    /// limits.
    package static func approverUnbounded(_ name: String, kinds: [String] = []) -> Condition {
        let only = kinds.isEmpty ? "" : " for signatures of kind \(kinds.joined(separator: ", "))"
        let approvals = kinds.isEmpty ? "approvals" : "such approvals"
        return Condition(
            .approverUnbounded,
            name,
            "no [[approver]] names the signer \(name)\(only): \(approvals) by \(name) have no limits "
                + "but those of the ports",
            mend: "name the signer in an [[approver]]\(only), if only in one that limits nothing"
        )
    }

    /// An `[[approver]]`, counted from 1, limits nobody.
    package static func approverNameless(_ number: Int) -> Condition {
        Condition(
            .approverNameless,
            "[[approver]] \(number)",
            "[[approver]] \(number) of the policy names no signer who may approve so",
            mend: "compare its `signers` and `kinds` with the lines of allowed_signers"
        )
    }

    /// An `[[approver]]` limits nothing, since another one allows the same signers all that it does.
    package static func approverOverridden(_ number: Int, by other: Int) -> Condition {
        Condition(
            .approverOverridden,
            "[[approver]] \(number)",
            "[[approver]] \(number) of the policy limits nothing: [[approver]] \(other) allows the "
                + "same signers all that it allows",
            mend:
                "exclude these signers from [[approver]] \(other) by patterns with `!`, or drop one "
                + "of the two"
        )
    }

    /// Break-glass grants are possible, and nobody may review them.
    package static func reviewersCannotSign(_ path: String) -> Condition {
        Condition(
            .reviewersCannotSign,
            path,
            "an [[approver]] has alarm = true, and no line of \(path) lets anybody but its own "
                + "signers sign jitgate-review: such a break-glass grant can never be reviewed",
            mend: newLine(for: ["jitgate-review"], "$(cat id_ed25519.pub)", in: path)
        )
    }

    // MARK: revoked keys

    /// The revoked keys in force are not those on disk.
    package static func revokedKeysNotInForce(_ path: String, because reason: String) -> Condition {
        Condition(
            .revokedKeysNotInForce,
            path,
            "the revoked keys on disk are not in force: \(reason)",
            mend: "correct the file; the agent notices, and reads it again every 5 s"
        )
    }

    /// There is no file of revoked keys, though the policy names one.
    package static func revokedKeysMissing(_ path: String, because reason: String) -> Condition {
        let remedy = "install -m 644 /dev/null \(ShellWord.quoted(path))"
        return Condition(.revokedKeysMissing, path, reason, mend: remedy)
    }

    /// The file of revoked keys is neither a KRL nor a list of keys.
    package static func revokedKeysMalformed(_ path: String, because reason: String) -> Condition {
        Condition(
            .revokedKeysMalformed,
            path,
            "\(path): \(reason)",
            mend: "mend or replace it; an agent that read a good one goes on by it"
        )
    }

    /// The command that adds a signer, for jitgate's purposes alone.
    private static func newSigner(
        _ key: String,
        in path: String,
        _ needRequests: Bool
    ) -> String {
        let names =
            ["jitgate-grant", "jitgate-revocation"] + (needRequests ? ["jitgate-request"] : [])
        return newLine(for: names, key, in: path)
    }

    private static func newLine(
        for namespaces: [String],
        _ key: String,
        in path: String
    ) -> String {
        let purposes = #"namespaces=\""# + namespaces.joined(separator: ",") + #"\""#
        return "echo \"ops@example.com \(purposes) \(key)\" >> \(ShellWord.quoted(path))"
    }
}
