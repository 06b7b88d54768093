import Admission
package import Attestation
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
        /// Its policy or signers are others than those of the rest of its group.
        case drifted
        case onTrial = "on-trial"
        case observing
        case configured

        /// True if the host was heard, and is what its group is.
        package var isInOrder: Bool {
            switch self {
            case .onTrial, .observing, .configured: true
            case .retired, .notConfigured, .unverified, .forked, .silent, .drifted: false
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
    package let age: Duration?
    /// More about the state, for people; `nil` if there is no more.
    package internal(set) var reason: String?

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
        switch entry.kind {
        case .retired: self.init(entry, .retired)
        case .unconfigured where reading.note == nil: self.init(entry, .notConfigured)
        case .unconfigured:
            let claim = reading.note.flatMap(StatusNote.claimedOrigin).map { ", of \($0)," } ?? ""
            self.init(entry, .unverified, "there is a status\(claim) and the inventory has no key")
        case .keyed(let key):
            guard let bytes = reading.note else {
                self.init(entry, .silent, "there is no status")
                return
            }
            do throws(StatusError) {
                let note = try StatusNote(parsing: bytes, signedBy: key)
                self.init(entry, note, reading.witness, now: now, silentAfter: limit)
            } catch {
                self.init(entry, .unverified, error.description)
            }
        }
    }

    private init(_ entry: Inventory.Entry, _ state: State, _ reason: String? = nil) {
        (host, group) = (entry.host, entry.group)
        (self.state, self.reason) = (state, reason)
        (status, size, age) = (nil, nil, nil)
    }

    private init(
        _ entry: Inventory.Entry,
        _ note: StatusNote,
        _ witness: WitnessedHost?,
        now: Moment,
        silentAfter limit: Duration
    ) {
        (host, group) = (entry.host, entry.group)
        (status, size) = (note.status, note.checkpoint.checkpoint.size)
        let sighting = witness?.newest
        let isOld = sighting.map { NotePosition(note).order(after: $0.position) == .older } ?? false
        // A note that the witness has not seen yet is as old as the host says.
        let isSeen = sighting?.position == NotePosition(note)
        let seen = isSeen || isOld ? sighting?.seen ?? now : note.status.instant.time
        let age = now - seen
        self.age = age
        if let fork = witness?.fork {
            (state, reason) = (.forked, "two logs since \(fork.seen.wholeSecond)")
        } else if let witness, witness.isAlarming {
            (state, reason) = (.forked, "a checkpoint can never be proved")
        } else if isOld {
            (state, reason) = (
                .silent, "the depot shows a status that is older than one known before"
            )
        } else if age > limit {
            (state, reason) = (.silent, nil)
        } else if age < .seconds(-300) {
            (state, reason) = (.silent, "its status is from the future: \(seen.wholeSecond)")
        } else {
            state = note.status.posture
        }
    }
}

extension HostStatus {
    /// The state of a host that was heard, apart from what the others are.
    fileprivate var posture: HostPosture.State {
        if trialUntil != nil { return .onTrial }
        return mode == .enforce ? .configured : .observing
    }
}
