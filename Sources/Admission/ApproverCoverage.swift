import Grants
package import Signatures

/// The gaps that allowed_signers and the `[[approver]]` entries of policy leave.
package struct ApproverCoverage: Hashable, Sendable {
    /// A signer whom no entry names for some kinds of signatures, so that nothing but the ports limits
    /// those.
    package struct Unbounded: Hashable, Sendable {
        package let name: String
        /// The words of the kinds; empty if no entry names the signer at all.
        package let kinds: [String]
    }

    /// An entry that limits nothing, since another one allows the same signers all that it does.
    package struct Overridden: Hashable, Sendable {
        /// The number of the entry, from 1.
        package let number: Int
        /// The number of the other one.
        package let other: Int
    }

    package let unbounded: [Unbounded]
    /// The numbers of the entries that name nobody who may approve so, from 1.
    package let nameless: [Int]
    package let overridden: [Overridden]
    /// True if an entry has an alarm, and nobody but the signers whom it names may review the grants
    /// that it lets in.
    package let lacksReviewers: Bool

    package init(of policy: Policy, _ signers: AllowedSigners) {
        let approvers = policy.approvers
        let people = approvers.isEmpty ? [] : signers.signers(for: .grant)
        let takesPasskeys = !policy.passkeys.origins.isEmpty
        unbounded = Self.unbounded(people, by: approvers, takesPasskeys)
        nameless = approvers.indices.filter { index in
            !people.contains(where: approvers[index].mayName)
        }
        .map { $0 + 1 }
        overridden = Self.overridden(approvers)
        lacksReviewers = Self.lacksReviewers(approvers.filter(\.isAlarm), people, signers)
    }

    private static func overridden(_ approvers: [Approver]) -> [Overridden] {
        approvers.indices.compactMap { index in
            let entry = approvers[index]
            let other = approvers.indices.first { other in
                other != index && approvers[other].overrides(entry)
                    && (other < index || !entry.overrides(approvers[other]))
            }
            return other.map { Overridden(number: index + 1, other: $0 + 1) }
        }
    }

    private static func lacksReviewers(
        _ alarms: [Approver],
        _ people: [ListedSigner],
        _ signers: AllowedSigners
    ) -> Bool {
        guard !alarms.isEmpty else { return false }
        let reviewers = signers.signers(for: .review)
        let alarming = people.filter { person in alarms.contains { $0.mayName(person) } }
        return reviewers.isEmpty
            || alarming.contains { person in !reviewers.contains { $0.mayReview(person) } }
    }

    private static func unbounded(
        _ people: [ListedSigner],
        by approvers: [Approver],
        _ takesPasskeys: Bool
    ) -> [Unbounded] {
        var kinds: [String: (free: Set<SignatureKind>, bound: Bool)] = [:]
        for person in people {
            // A passkey that policy does not count approves nothing.
            let possible = person.kinds.filter { $0 != .webauthn || takesPasskeys }
            let free = possible.filter { kind in
                !approvers.contains { $0.bounds(person, signingBy: kind) }
            }
            var known = kinds[person.shownName] ?? ([], false)
            known.free.formUnion(free)
            known.bound = known.bound || free.count < possible.count
            kinds[person.shownName] = known
        }
        return kinds.filter { !$0.value.free.isEmpty }.sorted { $0.key < $1.key }
            .map { name, known in
                let words = SignatureKind.allCases.filter(known.free.contains).map(\.rawValue)
                return Unbounded(name: name, kinds: known.bound ? words : [])
            }
    }
}

extension ListedSigner {
    /// Returns whether a review by this one may count for a grant of somebody; of those whom an authority
    /// certifies, some other person's may.
    fileprivate func mayReview(_ other: ListedSigner) -> Bool {
        isAuthority || !identity.isSamePerson(as: other.identity)
    }
}

extension Approver {
    /// Returns whether it may be about a signature of somebody.
    fileprivate func mayName(_ signer: ListedSigner) -> Bool {
        signer.kinds.contains(where: isAbout) && signers.mayName(signer.identity)
    }

    /// Returns whether it is about all signatures of a kind that a key, or any key that an authority
    /// certifies, can make.
    fileprivate func bounds(_ signer: ListedSigner, signingBy kind: SignatureKind) -> Bool {
        guard isAbout(kind) else { return false }
        return signer.isAuthority
            ? signer.certifiable.allSatisfy(signers.cover) : signers.mayName(signer.identity)
    }

    /// Returns whether it allows the same signers all that another one does, so that the other limits
    /// nothing; where that is easily seen.
    fileprivate func overrides(_ other: Self) -> Bool {
        signers.cover(other.signers) && allows(kindsOf: other)
            && (ports.isEmpty || !other.ports.isEmpty && other.ports.allSatisfy(ports.contains))
            && (requestors.map { own in other.requestors.map(own.cover) ?? false } ?? true)
            && allows(sourcesOf: other)
            && isNoShorter(maxDuration, than: other.maxDuration)
            && isNoShorter(maxWait, than: other.maxWait)
            && (isAlarm || !other.isAlarm)
    }

    private func allows(kindsOf other: Self) -> Bool {
        kinds.isEmpty || !other.kinds.isEmpty && other.kinds.allSatisfy(kinds.contains)
    }

    private func allows(sourcesOf other: Self) -> Bool {
        sources.isEmpty
            || !other.sources.isEmpty
                && other.sources.allSatisfy { network in sources.contains { $0.contains(network) } }
    }

    private func isNoShorter(_ own: Duration?, than other: Duration?) -> Bool {
        guard let own else { return true }
        return other.map { own >= $0 } ?? false
    }
}
