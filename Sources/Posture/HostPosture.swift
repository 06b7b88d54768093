import Admission
package import Attestation
import Conditions
package import Depot
package import Grants
import Transparency

/// The state of one host as far as its fleet can know it.
package struct HostPosture: Hashable, Sendable {
    /// One word for a host; the first that applies.
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// The inventory says that it is gone.
        case retired
        /// The inventory has no key, and there is no status.
        case notConfigured = "not-configured"
        /// There is a status, and it is not signed by the key of the inventory.
        case unverified
        /// The host has signed two logs, or what no proof can cover.
        case forked
        /// There is no status, or none that is new enough.
        case silent
        /// The gate cannot hold on it: a condition that it reports, or the inventory, says why.
        case unsupported
        /// It is heard, and what its fleet publishes does not reach it.
        case stale
        /// Its policy or signers are others than those of the rest of its group.
        case drifted
        case onTrial = "on-trial"
        case observing
        case configured

        /// True if the host was heard, and is what its group is.
        package var isInOrder: Bool {
            switch self {
            case .onTrial, .observing, .configured: true
            case .retired, .notConfigured, .unverified, .forked, .silent, .unsupported, .stale,
                .drifted:
                false
            }
        }
    }

    package let host: ShelfName
    package let group: String
    package internal(set) var state: State
    /// The words of the host about itself; `nil` unless its signature was verified.
    package let status: HostStatus?
    /// The number of records in its log.
    package let size: UInt64?
    /// The age of the status by the reader's clock.
    package internal(set) var age: Duration?
    /// More about the state, for people; `nil` if there is no more.
    package internal(set) var reason: String?
    /// The code of the condition that is the reason for the state, if one is.
    package let code: String?

    /// True if the host was heard, is what its group is, and reports no error.
    package var isHealthy: Bool {
        state == .retired || state.isInOrder && status?.isHealthy ?? false
    }
}

/// The note of a host, and the memory of a witness.
package struct HostReading: Sendable {
    /// The note as it was read; `nil` if there is none.
    package let note: [UInt8]?
    /// The memory of a witness; `nil` without one.
    package let witness: WitnessedHost?

    package init(note: [UInt8]?, witness: WitnessedHost?) {
        (self.note, self.witness) = (note, witness)
    }
}

extension HostPosture {
    /// The posture of a host by its inventory entry and what was read, before it is compared with others.
    package init(
        of entry: Inventory.Entry,
        _ reading: HostReading,
        now: Moment,
        silentAfter limit: Duration
    ) {
        self.init(
            of: entry,
            ReadNote(entry.kind == .retired ? nil : reading.note, of: entry),
            reading.witness.map(WitnessView.init),
            now: now,
            silentAfter: limit
        )
    }

    /// The posture of a host whose note has been read.
    package init(
        of entry: Inventory.Entry,
        _ note: ReadNote,
        _ witness: WitnessView?,
        now: Moment,
        silentAfter limit: Duration
    ) {
        switch (entry.kind, note) {
        case (.retired, _): self.init(entry, .retired)
        case (.unconfigured, .none): self.init(entry, .notConfigured)
        case (.unsupported(let code), .none):
            self.init(entry, .unsupported, "the inventory says so: \(code)", code: code)
        case (.keyed, .none): self.init(entry, .silent, "there is no status")
        case (_, .unverified(let reason)): self.init(entry, .unverified, reason)
        case (_, .verified(let status, let position)):
            self.init(entry, status, position, witness, now: now, silentAfter: limit)
        }
    }

    private init(
        _ entry: Inventory.Entry,
        _ state: State,
        _ reason: String? = nil,
        code: String? = nil
    ) {
        (host, group) = (entry.host, entry.group)
        (self.state, self.reason, self.code) = (state, reason, code)
        (status, size, age) = (nil, nil, nil)
    }

    private init(
        _ entry: Inventory.Entry,
        _ status: HostStatus,
        _ position: NotePosition,
        _ witness: WitnessView?,
        now: Moment,
        silentAfter limit: Duration
    ) {
        (host, group) = (entry.host, entry.group)
        (self.status, size) = (status, position.size)
        let sighting = witness?.newest
        let isOld = sighting.map { position.order(after: $0.position) == .older } ?? false
        // A note that the witness has not seen yet is as old as the host says.
        let isSeen = sighting?.position == position
        let seen = isSeen || isOld ? sighting?.seen ?? now : status.instant.time
        let age = now - seen
        self.age = age
        let words = Self.reason(witness, isOld: isOld, age: age, limit: limit, seen: seen)
        let found = words ?? status.posture
        (state, reason, code) = (found.state, found.reason, found.code)
    }

    /// A state with its reason.
    fileprivate typealias Found = (state: State, reason: String?, code: String?)

    /// The state of a host that may not be believed, or was not heard; `nil` if it was heard.
    private static func reason(
        _ witness: WitnessView?,
        isOld: Bool,
        age: Duration,
        limit: Duration,
        seen: Moment
    ) -> Found? {
        if let seen = witness?.forkSeen {
            return (.forked, "two logs since \(seen.wholeSecond)", nil)
        }
        if witness?.isAlarming ?? false {
            return (.forked, "a checkpoint can never be proved", nil)
        }
        if isOld {
            return (.silent, "the depot shows a status that is older than one known before", nil)
        }
        if age > limit { return (.silent, nil, nil) }
        guard age < .seconds(-300) else { return nil }
        return (.silent, "its status is from the future: \(seen.wholeSecond)", nil)
    }
}

extension HostStatus {
    /// The conditions of a host on which the gate cannot hold.
    private static let unsupported: Set<ConditionCode> = [
        .changeRefused, .tableUnwatched, .detourTproxy, .detourSocketLookup, .detourIPVS,
    ]
    /// The conditions of a host that what its fleet publishes does not reach.
    private static let stale: Set<String> = ["bulletin-stale", ConditionCode.depotSilent.rawValue]

    /// The state of a host that was heard, apart from what the others are.
    fileprivate var posture: HostPosture.Found {
        if let cause = conditions.first(where: Self.isUnsupported) {
            return (.unsupported, "\(cause.code): \(cause.message)", cause.code)
        }
        if let cause = conditions.first(where: { Self.stale.contains($0.code) }) {
            return (.stale, "\(cause.code): \(cause.message)", cause.code)
        }
        if trialUntil != nil { return (.onTrial, nil, nil) }
        return (mode == .enforce ? .configured : .observing, nil, nil)
    }

    private static func isUnsupported(_ condition: Condition) -> Bool {
        ConditionCode(rawValue: condition.code).map(unsupported.contains) ?? false
    }
}
