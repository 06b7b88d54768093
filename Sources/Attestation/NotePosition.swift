package import Grants
import Transparency

/// The place of a note among those of its host (docs/PROTOCOL.fleet, section 3).
package struct NotePosition: Hashable, Sendable {
    /// The number of records in the log.
    package let size: UInt64
    package let bootID: String
    /// CLOCK_BOOTTIME in microseconds.
    package let bootTime: Int64

    package init(size: UInt64, bootID: String, bootTime: Int64) {
        (self.size, self.bootID, self.bootTime) = (size, bootID, bootTime)
    }

    package init(_ note: StatusNote) {
        self.init(
            size: note.checkpoint.checkpoint.size,
            bootID: note.status.instant.bootID,
            bootTime: note.status.instant.bootTime
        )
    }

    /// The relation of a note to another of the same host.
    package enum Order: Hashable, Sendable {
        case older
        case same
        case newer
        /// Of the same size, in another boot: whichever was read later counts.
        case unordered
        /// Later in the same boot, and of fewer records: the host signed two logs.
        case contradictory
    }

    /// The relation of this position to an earlier known one.
    package func order(after known: NotePosition) -> Order {
        let isSameBoot = bootID == known.bootID
        if size == known.size, !isSameBoot { return .unordered }
        if size == known.size, bootTime == known.bootTime { return .same }
        if size == known.size { return bootTime > known.bootTime ? .newer : .older }
        let isLarger = size > known.size
        if isSameBoot, isLarger != (bootTime >= known.bootTime), bootTime != known.bootTime {
            return .contradictory
        }
        return isLarger ? .newer : .older
    }
}

/// The newest note of a host, and when a reader saw it first: ages are by the reader's clock.
package struct Sighting: Hashable, Sendable {
    package let position: NotePosition
    package let seen: Moment

    package init(_ position: NotePosition, seen: Moment) {
        (self.position, self.seen) = (position, seen)
    }
}
