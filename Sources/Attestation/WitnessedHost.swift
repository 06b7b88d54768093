package import Grants
package import Transparency

/// A contradiction between two checkpoints, each with the host's signature.
package struct Fork: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Two roots for one size.
        case root
        /// Fewer records, later in the same boot.
        case shorter
        /// A checkpoint that no proof can cover any more.
        case unproved
    }

    package let kind: Kind
    package let seen: Moment
    /// The signed checkpoint that was known.
    package let known: String
    package let other: String

    package init(_ kind: Kind, seen: Moment, known: String, other: String) {
        (self.kind, self.seen, self.known, self.other) = (kind, seen, known, other)
    }
}

/// All that a witness knows of one host: a value that notes and proofs are shown to
/// (docs/PROTOCOL.fleet, section 6).
package struct WitnessedHost: Hashable, Sendable {
    /// A checkpoint that was read at a moment.
    package struct Seen: Hashable, Sendable {
        package let checkpoint: SignedCheckpoint
        package let seen: Moment

        package init(_ checkpoint: SignedCheckpoint, seen: Moment) {
            (self.checkpoint, self.seen) = (checkpoint, seen)
        }

        var size: UInt64 { checkpoint.checkpoint.size }
        var root: TreeHash { checkpoint.checkpoint.root }
    }

    /// A fork that a person accepted.
    package struct AcceptedFork: Hashable, Sendable {
        package let fork: Fork
        package let at: Moment
        package let reason: String

        package init(_ fork: Fork, at moment: Moment, reason: String) {
            (self.fork, at, self.reason) = (fork, moment, reason)
        }
    }

    /// The meaning of a note or a proof for the witness.
    package enum Finding: Hashable, Sendable {
        /// The first note: trusted, since nothing is known before it.
        case first
        /// Nothing new.
        case same
        /// Older than what is known, as a depot shows that repeats itself.
        case older
        /// A later status; its checkpoint waits for a proof if it is of another size.
        case newer
        /// The log only grew, up to this size.
        case proved(UInt64)
        /// The proof does not begin with what is known, so it proves nothing here.
        case unlinked
        /// It contradicts what is known, or an earlier contradiction was not accepted yet.
        case forked(Fork)
    }

    /// The most checkpoints that wait for a proof.
    static let unprovedLimit = 1_024

    package let key: VerifierKey
    /// The time at which the first note was read.
    package internal(set) var since: Moment?
    /// The checkpoint that extends all that were proved before.
    package internal(set) var base: Seen?
    package internal(set) var newest: Sighting?
    /// Checkpoints larger than the base that wait for a proof, by size.
    package internal(set) var unproved: [Seen] = []
    /// Checkpoints that no proof can cover any more.
    package internal(set) var skipped: [Seen] = []
    package internal(set) var fork: Fork?
    package internal(set) var accepted: [AcceptedFork] = []

    package init(key: VerifierKey) {
        self.key = key
    }

    /// The time of the oldest checkpoint that no proof covers yet; `nil` if all are proved.
    package var unprovedSince: Moment? { unproved.map(\.seen).min() }

    /// True if a person has to look: there is a fork, or something that can never be proved.
    package var isAlarming: Bool { fork != nil || !skipped.isEmpty }

    // MARK: notes

    /// Looks at a note that is signed by the key.
    package mutating func look(at note: StatusNote, now: Moment) -> Finding {
        guard note.origin == key.name else { return .older }
        if let fork { return .forked(fork) }
        let position = NotePosition(note)
        let new = Seen(note.checkpoint, seen: now)
        guard let base, let newest else {
            since = since ?? now
            (self.base, self.newest) = (new, Sighting(position, seen: now))
            return .first
        }
        if let known = ([base] + unproved + skipped).first(where: { $0.size == new.size }),
            known.root != new.root
        {
            return found(.root, known, new, at: now)
        }
        switch position.order(after: newest.position) {
        case .older: return .older
        case .same: return .same
        case .contradictory:
            let known = unproved.last ?? base
            return found(.shorter, known, new, at: now)
        case .newer, .unordered: break
        }
        self.newest = Sighting(position, seen: now)
        wait(for: new, after: base)
        return .newer
    }

    /// Has a checkpoint wait for a proof, unless one of that size is known.
    private mutating func wait(for new: Seen, after base: Seen) {
        guard new.size > (unproved.last ?? base).size else { return }
        // What was seen first is what an attacker would have to unmake.
        if unproved.count >= Self.unprovedLimit { unproved.removeLast() }
        unproved.append(new)
    }

    private mutating func found(
        _ kind: Fork.Kind,
        _ known: Seen,
        _ other: Seen,
        at now: Moment
    ) -> Finding {
        let fork = Fork(
            kind,
            seen: now,
            known: known.checkpoint.note,
            other: other.checkpoint.note
        )
        self.fork = fork
        return .forked(fork)
    }

    /// Takes note of when the newest note was read, as a witness knows it that keeps it elsewhere.
    package mutating func recall(_ sighting: Sighting) {
        guard base != nil, fork == nil else { return }
        newest = sighting
    }

    // MARK: proofs

    /// Looks at a proof that was verified by the key.
    package mutating func look(at growth: ProvedGrowth, now: Moment) -> Finding {
        guard growth.checkpoint.origin == key.name, let base else { return .unlinked }
        if let fork { return .forked(fork) }
        let end = Seen(SignedCheckpoint(growth), seen: now)
        for known in [base] + unproved {
            guard let root = growth.roots[known.size], root != known.root else { continue }
            return found(.root, known, end, at: now)
        }
        guard end.size > base.size else { return end.size == base.size ? .same : .older }
        guard growth.roots[base.size] != nil else { return .unlinked }
        skipped += unproved.filter { $0.size <= end.size && growth.roots[$0.size] == nil }
        unproved.removeAll { $0.size <= end.size }
        self.base = end
        return .proved(end.size)
    }

    // MARK: people

    /// Takes a contradiction for granted; returns whether there was one.
    ///
    /// After a fork the next note is the new base.
    package mutating func accept(reason: String, now: Moment) -> Bool {
        guard isAlarming else { return false }
        let known = base?.checkpoint.note ?? ""
        let forks =
            [fork].compactMap(\.self)
            + skipped.map {
                Fork(.unproved, seen: $0.seen, known: known, other: $0.checkpoint.note)
            }
        accepted += forks.map { AcceptedFork($0, at: now, reason: reason) }
        skipped = []
        if fork != nil { (fork, base, newest, unproved) = (nil, nil, nil, []) }
        return true
    }

    /// The signed checkpoint up to which the log is known only to have grown, with a cosignature of
    /// now; `nil` while there is none, or a contradiction.
    package func cosigned(by key: CosigningKey, now: Moment) throws(ProofError) -> String? {
        guard let base, !isAlarming else { return nil }
        let seconds = UInt64(max(0, now.microseconds / 1_000_000))
        return try key.cosign(base.checkpoint.note, at: seconds)
    }
}
