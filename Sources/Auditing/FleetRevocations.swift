package import Grants

/// The revocations that outlast the records of what they ended.
package struct Lockouts: Hashable, Sendable {
    /// The bars that were not lifted, some of which may be over.
    package internal(set) var bars: [GrantID: Bar] = [:]
    /// The keys that bulletins revoked.
    package internal(set) var fleet = FleetRevocations()

    /// Ends the bars that a record names, and the revocations of keys, until a later bulletin.
    mutating func lift(_ entry: AuditEntry, at moment: Moment) {
        for text in entry.fields[.revocationID, default: []] {
            if let id = try? GrantID(parsing: text) { bars[id] = nil }
        }
        let until = max(moment, BulletinRecords.issued(in: entry) ?? moment)
        for key in BulletinRecords.keys(in: entry) { fleet.lift(key, until: until) }
    }
}

/// The keys that bulletins revoked for good, and the grants whose end by a bulletin is not on record.
package struct FleetRevocations: Hashable, Sendable {
    /// The most keys that a host keeps.
    package static let keyLimit = 10_000

    /// A key, and the record of its revocation.
    package struct Key: Hashable, Sendable {
        package let since: Moment
        /// The SHA-256 of the bulletin, in hex.
        package let digest: String
    }

    /// A grant that a bulletin revoked while it was live.
    package struct Ending: Hashable, Sendable {
        package let reason: EndReason
        package let digest: String
        package let actors: [String]
        package let comment: String
    }

    /// By their fingerprints.
    package internal(set) var keys: [String: Key] = [:]
    /// The keys that root has lifted: bulletins issued until then do not revoke them again.
    package internal(set) var lifted: [String: Moment] = [:]
    /// An agent that starts ends these.
    package internal(set) var ending: [GrantID: Ending] = [:]

    package init() {}

    /// Returns true if a bulletin issued at a moment revokes a key that is not revoked yet.
    package func isNews(_ key: String, issued moment: Moment) -> Bool {
        keys[key] == nil && lifted[key].map { $0 < moment } ?? true
    }

    /// Keeps a key, as far as there is room.
    mutating func revoke(_ fingerprint: String, _ key: Key) {
        guard keys.count < Self.keyLimit || keys[fingerprint] != nil else { return }
        keys[fingerprint] = key
        lifted[fingerprint] = nil
    }

    mutating func lift(_ fingerprint: String, until moment: Moment) {
        keys[fingerprint] = nil
        if lifted.count >= Self.keyLimit, lifted[fingerprint] == nil,
            let oldest = lifted.min(by: { $0.value < $1.value })
        {
            lifted[oldest.key] = nil
        }
        lifted[fingerprint] = moment
    }

    mutating func end(_ id: GrantID, _ ending: Ending) {
        if self.ending[id] == nil { self.ending[id] = ending }
    }

    mutating func hasEnded(_ id: GrantID) { ending[id] = nil }
}

extension LogState {
    package var bars: [GrantID: Bar] { lockouts.bars }

    /// Takes what a bulletin revokes that no other did: grants by their ids, and keys.
    mutating func takeBulletin(_ entry: AuditEntry, at moment: Moment) throws(RecordError) {
        let digest = try entry.required(.revocation)
        let ending = { (reason: EndReason) in
            FleetRevocations.Ending(
                reason: reason,
                digest: digest,
                actors: entry.fields[.actor] ?? [],
                comment: entry[.comment] ?? ""
            )
        }
        for id in BulletinRecords.grants(in: entry) {
            if grantStates[id]?.live != nil || draining[id] != nil {
                lockouts.fleet.end(id, ending(.revoked))
            } else {
                let reason = EndReason.revoked.rawValue
                ended.add(Tombstone(id, digest: digest, reason: reason))
            }
        }
        let keys = Set(BulletinRecords.keys(in: entry))
        guard !keys.isEmpty else { return }
        let key = FleetRevocations.Key(since: moment, digest: digest)
        for fingerprint in keys.sorted() { lockouts.fleet.revoke(fingerprint, key) }
        for grant in liveGrants where !keys.isDisjoint(with: grant.parties.keys) {
            lockouts.fleet.end(grant.id, ending(.keyRevoked))
        }
    }

    /// The grants that have not ended, draining ones too.
    private var liveGrants: [LiveGrant] {
        grantStates.values.compactMap(\.live) + draining.values.map(\.grant)
    }
}
