package import Grants
package import Signatures

extension Admission {
    /// The reason that a revocation is not for this host, signed by nobody who may, or over; `nil` if it
    /// counts.
    ///
    /// One signature with enough weight suffices. `requestors` are those of the live grants that it
    /// names by their ids.
    package func refusal(
        of revocation: Revocation,
        signedBy payload: SignedPayload,
        requestors: [GrantID: String],
        at now: Moment
    ) -> Refusal? {
        let refusal =
            refusal(of: revocation.hosts, signedBy: payload)
            ?? authorityRefusal(of: revocation, signedBy: payload, requestors: requestors)
        if let refusal { return refusal }
        guard let until = revocation.until, until <= now else { return nil }
        return Refusal(
            rule: "over",
            field: "until",
            reason: "it has passed: it is \(now)",
            remedy: "sign a revocation with a later end"
        )
    }

    /// The reason that nobody who may has signed a revocation, whatever host it is for, or `nil`.
    package func authorityRefusal(
        of revocation: Revocation,
        signedBy payload: SignedPayload,
        requestors: [GrantID: String]
    ) -> Refusal? {
        if let refusal = objection(to: payload) { return refusal }
        let signatures = payload.signatures.filter(counts)
        return revocation.authorityGap(signedBy: signatures, requestors).map { gap in
            Refusal(rule: "authority", field: gap.field, reason: gap.reason, remedy: gap.remedy)
        }
    }

    /// The reason that the end of bars is not for this host or signed by too few people, or `nil`.
    package func refusal(of unbar: Unbar, signedBy payload: SignedPayload) -> Refusal? {
        if let refusal = refusal(of: unbar.hosts, signedBy: payload) { return refusal }
        let people = DistinctPeople(among: payload.signatures.filter(counts).map(\.signer)).people
        guard people.count < strictestApprovals else { return nil }
        return Refusal(
            rule: "authority",
            field: "signatures",
            reason: "the strictest port needs \(strictestApprovals.counting("signer")), and this"
                + " has \(people.count)",
            remedy: "have another person sign the same bytes under jitgate-lockout"
        )
    }

    /// Returns true if a signature counts at all: neither that of a passkey which policy does not take,
    /// nor that of a key which a bulletin revoked.
    private func counts(_ signature: VerifiedSignature) -> Bool {
        signatures.objection(to: signature) == nil
    }

    private var strictestApprovals: Int {
        policy.ports.values.map { max($0.approvals, $0.approvalsFrom.count) }.max() ?? 1
    }

    /// The reason that a file is not for this host or that none of its signers counts, or `nil`.
    func refusal(of hosts: [HostPattern], signedBy payload: SignedPayload) -> Refusal? {
        guard !hosts.contains(where: { $0.matches(host) }) else { return objection(to: payload) }
        return Refusal(
            rule: Rule.host.name,
            field: "hosts",
            reason: "none of them is this host",
            remedy: "this host is \(host)"
        )
    }

    /// The refusal of a file under which no signature counts.
    func objection(to payload: SignedPayload) -> Refusal? {
        let objections = payload.signatures.compactMap(signatures.objection)
        guard let first = objections.first(where: \.isRevokedKey) ?? objections.first,
            objections.count == payload.signatures.count
        else { return nil }
        return Refusal(
            rule: first.isRevokedKey ? SignatureObjection.keyRevoked : Rule.approvals.name,
            field: "signatures",
            reason: "none counts, as \(first)",
            remedy: first.remedy
        )
    }
}

extension Revocation {
    /// The field for which no signature is enough, with what would be; `nil` if one is.
    package func authorityGap(
        signedBy signatures: [VerifiedSignature],
        _ requestors: [GrantID: String]
    ) -> (field: String, reason: String, remedy: String)? {
        let namespaces = Set(signatures.map(\.namespace))
        if namespaces.contains(.lockout) { return nil }
        guard isNarrow else {
            return (
                until == nil ? "signatures" : "until",
                "a revocation that is wider than ids needs a signature under jitgate-lockout",
                "sign it with -n jitgate-lockout"
            )
        }
        if namespaces.contains(.revocation) { return nil }
        for (index, id) in selection.ids.enumerated() {
            let requestor = requestors[id]
            let isOwn = requestor.map { name in signatures.contains { $0.signer.isNamed(name) } }
            if isOwn == true { continue }
            let reason =
                requestor.map { "that is a grant of \($0.debugDescription), who did not sign this" }
                ?? "no grant with this id waits, is open or drains here"
            return ("ids[\(index)]", reason, "have it signed with -n jitgate-revocation")
        }
        return nil
    }
}

extension Refusal {
    /// The refusal of a revocation that has taken effect: it does so once.
    package static let over = Refusal(
        rule: "over",
        field: "id",
        reason: "this revocation took effect before, and does so once",
        remedy: "sign one with a new id"
    )
}

extension Rule {
    static let bars = Rule(name: "barred") { item in
        // What was live when a bar came has been ended by it.
        if case .live = item.history { return nil }
        guard let bar = item.bar else { return nil }
        return (
            "id",
            "the revocation \(bar.id) lets no such grant open until \(bar.until.wholeSecond):"
                + " \(bar.reason)",
            "wait, or have the bar ended: jitgate unbar \(bar.id)"
        )
    }
}
