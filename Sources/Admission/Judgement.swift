package import Grants
package import Signatures

/// Why a rule says no: which field, and what would pass.
package struct Refusal: Hashable, Sendable, CustomStringConvertible {
    /// The rule's stable name, such as `widest-source`.
    package let rule: String
    /// The field at fault, such as `sources[0]`.
    package let field: String
    package let reason: String
    /// What would pass.
    package let remedy: String

    package var description: String { "\(field): \(reason); \(remedy)" }
}

/// One rule and what it said.
package struct Check: Hashable, Sendable {
    package let rule: String
    /// `nil` if the rule is kept.
    package let refusal: Refusal?
}

/// A grant that every rule lets pass; only `Admission` makes one.
package struct AdmittedGrant: Hashable, Sendable {
    package let grant: Grant
    package let approvals: [VerifiedSignature]
    package let sha256: String
}

/// What every rule said of a grant.
package struct Judgement: Hashable, Sendable {
    package let checks: [Check]
    /// The role of each signature of the file, in its order.
    package let roles: [SignatureRole]
    /// `nil` if any rule refuses.
    package let admitted: AdmittedGrant?

    package var refusals: [Refusal] { checks.compactMap(\.refusal) }
}

/// What the log knows of a grant's id.
package enum GrantHistory: Hashable, Sendable {
    case unseen
    /// Accepted and not ended, with the SHA-256 of its file; open since then, if it is.
    case live(sha256: String, openSince: Moment?)
    case ended(reason: String)
    /// It may have ended: that cannot be read.
    case unreadable(why: String)
}

/// What a rule looks at.
struct Case: Sendable {
    let grant: Grant
    let payload: SignedPayload
    let history: GrantHistory
    let policy: Policy
    let host: HostIdentity
    let now: Moment

    /// When access began, or would.
    var opening: Moment {
        if case .live(_, let since?) = history { return since }
        return max(now, grant.notBefore ?? now)
    }

    /// The grant's ports that policy protects, with their place in the grant and their rules.
    var protectedPorts: [(index: Int, port: Port, rules: PortRules)] {
        grant.ports.enumerated().compactMap { index, port in
            policy.ports[port].map { (index, port, $0) }
        }
    }
}

/// One rule of policy: a name, and what it refuses.
struct Rule: Sendable {
    let name: String
    /// The field, reason and remedy of the first breach; `nil` if there is none.
    let breach: @Sendable (Case) -> (field: String, reason: String, remedy: String)?
}
