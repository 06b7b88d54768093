package import Attestation
import Depot
package import Grants

/// The status note of a host, as far as the key of the inventory lets it be believed.
package enum ReadNote: Hashable, Sendable {
    /// There is no status.
    case none
    /// There is one, and the reason why it is not believed.
    case unverified(String)
    /// The words of the host, signed by its key.
    case verified(HostStatus, NotePosition)

    package init(_ note: StatusNote) {
        self = .verified(note.status, NotePosition(note))
    }

    /// Reads a note by the entry of its host.
    package init(_ bytes: [UInt8]?, of entry: Inventory.Entry) {
        guard let bytes else {
            self = .none
            return
        }
        guard case .keyed(let key) = entry.kind else {
            let claim = StatusNote.claimedOrigin(of: bytes).map { ", of \($0)," } ?? ""
            self = .unverified("there is a status\(claim) and the inventory has no key")
            return
        }
        do throws(StatusError) {
            self.init(try StatusNote(parsing: bytes, signedBy: key))
        } catch {
            self = .unverified(error.description)
        }
    }

    var isThere: Bool { self != .none }
}

/// The memory of a witness, as far as the state of a host depends on it.
package struct WitnessView: Hashable, Sendable {
    package var newest: Sighting?
    /// The time at which a fork was seen that nobody has accepted.
    package var forkSeen: Moment?
    /// True if there is a fork, or a checkpoint that can never be proved.
    package var isAlarming: Bool

    package init(newest: Sighting?, forkSeen: Moment? = nil, isAlarming: Bool = false) {
        (self.newest, self.forkSeen) = (newest, forkSeen)
        self.isAlarming = isAlarming || forkSeen != nil
    }

    package init(_ host: WitnessedHost) {
        self.init(
            newest: host.newest,
            forkSeen: host.fork?.seen,
            isAlarming: host.isAlarming
        )
    }
}
