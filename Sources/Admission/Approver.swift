package import Grants
package import Signatures

/// An `[[approver]]` of policy, which limits the grants that some signers may let in.
package struct Approver: Hashable, Sendable {
    package typealias Kind = SignatureKind

    /// All kinds of signatures, in the order of their words.
    package static let allKinds = SignatureKind.allCases

    package var signers: NamePatterns
    /// The kinds of signatures that it is about; empty for all.
    package var kinds: [SignatureKind] = []
    /// The ports that they may open; empty for all.
    package var ports: [Port] = []
    /// The people whom they may let in, who sign too; `nil` for anybody.
    package var requestors: NamePatterns?
    /// The networks that must contain each source; empty for any.
    package var sources: [Prefix] = []
    /// The longest time from opening to deadline; `nil` for what the port allows.
    package var maxDuration: Duration?
    /// The furthest that the end may lie ahead, beyond the longest duration; `nil` for what policy
    /// allows.
    package var maxWait: Duration?
    /// True if a signature that it allows meets all demands for signatures, which raises an alarm.
    package var isAlarm = false

    package init(signers: NamePatterns) {
        self.signers = signers
    }

    package var kindNames: [String] { kinds.map(\.rawValue) }

    /// Returns true if it is about a signature, so that it limits how the signature counts.
    ///
    /// A signer whom allowed_signers knows by a pattern alone may be meant by every entry that names
    /// somebody whom the pattern matches.
    func mayName(_ signature: VerifiedSignature) -> Bool {
        isAbout(signature.kind) && signers.mayName(signature)
    }

    /// Returns whether it names a signer for certain, so that it can let the signature count.
    func names(_ signature: VerifiedSignature) -> Bool {
        isAbout(signature.kind) && signers.name(signature)
    }

    func isAbout(_ kind: SignatureKind) -> Bool { kinds.isEmpty || kinds.contains(kind) }

    /// The first thing in a grant that it does not allow, as a verb and its object; `nil` if it
    /// allows the whole grant.
    func excess(of item: Case) -> String? {
        let grant = item.grant
        if !ports.isEmpty, let port = item.allPorts.first(where: { !ports.contains($0) }) {
            return "does not allow \(port)"
        }
        if let requestors {
            guard requestors.matches(grant.requestor) else {
                return "does not allow the requestor \(grant.requestor.debugDescription)"
            }
            guard item.isRequestedByRequestor else {
                return "needs the requestor's own signature, under jitgate-request"
            }
        }
        if !sources.isEmpty,
            let source = grant.sources.first(where: { source in
                !sources.contains { $0.contains(source) }
            })
        {
            return "does not allow \(source)"
        }
        return item.isTimed ? lateness(of: item) : nil
    }

    private func lateness(of item: Case) -> String? {
        if let maxDuration, item.length > maxDuration {
            return "allows \(maxDuration.shortText) at most, not \(item.length.shortText)"
        }
        guard let maxWait, let ahead = item.waitsFor else { return nil }
        let longest = item.protectedPorts.map(\.rules.maxDuration).min() ?? .zero
        let length = min(maxDuration ?? longest, longest)
        guard ahead > maxWait + length else { return nil }
        let latest = item.now + maxWait + length
        return "does not allow an end after \(latest.wholeSecond)"
    }
}

/// The worth of an approval by the `[[approver]]` entries of policy.
package enum Allowance: Hashable, Sendable {
    /// No entry names the signer.
    case unlimited
    /// The numbers of the entries that allow the grant, from 1; never empty.
    case allowed([Int])
    /// The number of each entry that names the signer, and what it does not allow.
    case exceeded([String])

    /// The entry that a record names.
    var number: Int? {
        if case .allowed(let numbers) = self { numbers.first } else { nil }
    }

    var counts: Bool {
        if case .exceeded = self { false } else { true }
    }
}

extension Case {
    /// The worth of each signature by the entries.
    var weighedAllowances: [Allowance] { payload.signatures.map(allowance) }

    private func allowance(of signature: VerifiedSignature) -> Allowance {
        guard signature.namespace != .request else { return .unlimited }
        var allowing: [Int] = []
        var excesses: [String] = []
        for (index, approver) in policy.approvers.enumerated() where approver.mayName(signature) {
            let excess =
                approver.names(signature)
                ? approver.excess(of: self) : "may name the signer, who has no name but a pattern"
            if let excess {
                excesses.append("approver \(index + 1) \(excess)")
            } else {
                allowing.append(index + 1)
            }
        }
        guard allowing.isEmpty else { return .allowed(allowing) }
        return excesses.isEmpty ? .unlimited : .exceeded(excesses)
    }

    /// True if the requestor signed as such.
    var isRequestedByRequestor: Bool {
        payload.requests.contains { request in
            request.signer.isNamed(grant.requestor) && signatures.objection(to: request) == nil
        }
    }

    /// The time from opening to deadline.
    var length: Duration { grant.deadline(openingAt: opening) - opening }

    /// The time until the grant is over; `nil` if it is open and waits no longer.
    var waitsFor: Duration? {
        if case .live(_, openSince: .some) = history { return nil }
        return grant.expires - now
    }
}

extension Judgement {
    /// The approvals that count within limits, as records name them: the number of the `[[approver]]`
    /// and the principal.
    package func approvers(of payload: SignedPayload) -> [String] {
        zip(payload.signatures, allowances).compactMap { signature, allowance in
            allowance.number.map { "\($0) \(signature.principal)" }
        }
    }

    /// Returns whether a record names an `[[approver]]` that allows the grant for each approval that
    /// needs one.
    package func fits(approvers recorded: [String], of payload: SignedPayload) -> Bool {
        let allowed = zip(payload.signatures, allowances).compactMap { signature, allowance in
            if case .allowed(let numbers) = allowance {
                numbers.map { "\($0) \(signature.principal)" }
            } else {
                nil
            }
        }
        return allowed.count == recorded.count
            && zip(allowed, recorded).allSatisfy { $0.contains($1) }
    }
}
