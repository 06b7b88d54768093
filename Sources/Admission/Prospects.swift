package import Grants
package import Signatures

/// The signatures that a grant still lacks, at the port that lacks most.
package struct MissingSignatures: Hashable, Sendable {
    package private(set) var approvals = 0
    /// The patterns of which each needs a signer of its own, and has none.
    package private(set) var from: [String] = []
    /// True if the requestor must sign, and has not.
    package private(set) var requestor = false

    init(approvals: Int = 0, from: [String] = [], requestor: Bool = false) {
        (self.approvals, self.from, self.requestor) = (approvals, from, requestor)
    }

    package var isEmpty: Bool { approvals <= 0 && !requestor }

    /// Adds what another port lacks; one signature may serve both.
    mutating func formUnion(_ other: Self) {
        from += other.from.filter { !from.contains($0) }
        approvals = max(approvals, other.approvals, from.count)
        requestor = requestor || other.requestor
    }
}

/// The judgement of a grant for which signatures are still collected, by which nothing is admitted.
package struct Prospects: Hashable, Sendable {
    /// The first rule that refuses the grant, whatever signatures are added; `nil` if none does.
    package let refusal: Refusal?
    package let missing: MissingSignatures
    /// The role of each signature, in their order.
    package let roles: [SignatureRole]
}

extension Admission {
    /// The rules that more signatures can meet.
    private static let metBySignatures: Set = [
        Rule.approvals.name, SignatureObjection.keyRevoked,
    ]

    /// Judges a grant that this host has not seen as if more signatures may come.
    package func prospects(
        of grant: Grant,
        signedBy signatures: [VerifiedSignature],
        superseding superseded: [GrantID: SupersededGrant] = [:],
        at now: Moment
    ) -> Prospects {
        var item = Case(
            grant: grant,
            payload: JudgedSignatures(signatures: signatures, sha256: nil),
            history: .unseen,
            superseded: superseded,
            bar: nil,
            policy: policy,
            host: host,
            signatures: self.signatures,
            now: now,
            isTimed: true
        )
        item.weighSignatures()
        let refusals = Self.checks(of: item, under: .current).compactMap(\.refusal)
        return Prospects(
            refusal: refusals.first { !Self.metBySignatures.contains($0.rule) },
            missing: item.isAlarmRaised ? MissingSignatures() : item.missingSignatures,
            roles: roles(of: item)
        )
    }
}

extension Case {
    /// The signatures that the ports lack together.
    fileprivate var missingSignatures: MissingSignatures {
        var missing = MissingSignatures()
        var weighed: Set<ApprovalDemand> = []
        for (_, _, rules) in protectedPorts {
            let demand = ApprovalDemand(rules)
            guard weighed.insert(demand).inserted else { continue }
            missing.formUnion(ApprovalCount(self, allowances, for: demand).missing)
        }
        return missing
    }
}
