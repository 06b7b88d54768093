package import Grants
package import Scheduling

/// The agent's time by the records; time cannot be before it except where a record says so.
package struct TimeLowerBound: Hashable, Sendable {
    /// The time of the boot of the last record, as of that record; `nil` before the first.
    package private(set) var timeline: Timeline?
    /// The boot that its CLOCK_BOOTTIME counts from.
    package private(set) var bootID = ""
    /// The time by which a bulletin may lie ahead and still counts.
    private static let tolerance = Duration.seconds(300)

    /// The last record whose wall clock showed that time: since then it is held, if it is.
    package private(set) var reachedIn: UInt64?

    package init() {}

    init(timeline: Timeline?, bootID: String, reachedIn: UInt64?) {
        self.timeline = timeline
        self.bootID = bootID
        self.reachedIn = reachedIn
    }

    /// The latest moment reached, up to the last record.
    package var moment: Moment? { timeline?.closing }
    /// The time for opening, as of the last record.
    package var opening: Moment? { timeline?.opening }

    /// The time to go on from in a boot.
    ///
    /// `timeline` is what its clocks say alone.
    package func resumed(by timeline: Timeline, in bootID: String) -> Timeline {
        guard let known = self.timeline else { return timeline }
        if bootID == self.bootID { return known }
        var raised = timeline
        raised.raise(to: known.closing, at: Self.reading(of: timeline, in: bootID, after: known))
        return raised
    }

    /// The reading of CLOCK_BOOTTIME from which on time has passed since the last record.
    ///
    /// The clock begins at 0 with the boot of a machine. A container has the clock of its host, which
    /// goes on unless the host was booted too.
    private static func reading(
        of timeline: Timeline,
        in bootID: String,
        after known: Timeline
    ) -> Int64 {
        isOfContainer(bootID) && timeline.boot >= known.boot ? known.boot : 0
    }

    /// Returns true if the 13th digit marks a boot ID as a container's own.
    private static func isOfContainer(_ bootID: String) -> Bool {
        bootID.utf8.dropFirst(12).first == UInt8(ascii: "8")
    }

    /// Returns true if time may go back to `moment` in the next record by itself.
    package func mayGoBack(to moment: Moment, by stamp: RecordStamp, slack: Duration) -> Bool {
        timeline(by: stamp).mayGoBack(to: moment, slack: slack)
    }

    private func timeline(by stamp: RecordStamp) -> Timeline {
        let alone = Timeline(wall: stamp.realtime, boot: stamp.boot)
        var timeline = resumed(by: alone, in: stamp.bootID)
        _ = timeline.read(wall: stamp.realtime, boot: stamp.boot)
        return timeline
    }

    /// Adds the next record.
    package mutating func take(_ record: Record) {
        let stamp = record.stamp
        var timeline = timeline(by: stamp)
        bootID = stamp.bootID
        switch record.entry.event {
        case .grantOpened: timeline.confirmSteps()
        case .clockAccepted:
            if let moment = record.entry.acceptedTime {
                timeline.accept(moment, boot: stamp.boot)
            }
        case .bulletinAccepted:
            if let issued = BulletinRecords.issued(in: record.entry),
                issued <= timeline.closing + Self.tolerance
            {
                timeline.keepAbove(issued)
            }
        default: break
        }
        if !timeline.isHeld { reachedIn = record.sequence }
        self.timeline = timeline
    }
}

extension AuditEntry {
    /// The agent's time from a clock-accepted on.
    package var acceptedTime: Moment? {
        self[.clock].flatMap { try? Moment(parsing: $0) }
    }
}
