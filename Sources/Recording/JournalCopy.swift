package import Auditing
package import Linux
package import SystemPackage

/// The journal's copy of the audit log, and when to see to it.
///
/// A checkpoint follows an hour after the first record that the last one did not hold, and at the
/// end; while nothing is recorded nothing is due. Times are CLOCK_BOOTTIME in microseconds.
package struct JournalCopy {
    private static let checkpointInterval: Int64 = 3_600_000_000
    /// A checkpoint has three lines and its signatures.
    private static let checkpointLimit = 65_536

    /// Rings when `timePassed` has something to do.
    package let alarm: Alarm
    private let checkpointPath: String
    private var feed: JournalFeed
    /// `nil` when the journal has the last checkpoint.
    private var checkpointDue: Int64?

    package init(socketPath: String, auditDirectory: String) throws(Errno) {
        let directory = LogDirectory(auditDirectory)
        feed = try JournalFeed(socketPath: socketPath, log: directory.current)
        checkpointPath = directory.checkpoint
        alarm = try Alarm()
    }

    /// What keeps records from the journal, for people.
    package var problem: String? { feed.problem }

    /// When the alarm rings; `nil` if there is nothing to do.
    package var due: Int64? { [feed.nextRetry, checkpointDue].compactMap(\.self).min() }

    /// Takes records that are on disk.
    package mutating func publish(_ records: [Record], at now: Int64) {
        guard !records.isEmpty else { return }
        feed.publish(records, at: now)
        checkpointDue = checkpointDue ?? now + Self.checkpointInterval
        arm()
    }

    /// Does what is due.
    package mutating func timePassed(at now: Int64) {
        if let due = feed.nextRetry, due <= now { feed.retry(at: now) }
        if let due = checkpointDue, due <= now { sendCheckpoint() }
        arm()
    }

    /// Leaves the journal with as much as it takes.
    package mutating func stop(at now: Int64) {
        feed.retry(at: now)
        if checkpointDue != nil { sendCheckpoint() }
    }

    /// If the journal does not take it the next one will say as much and more.
    private mutating func sendCheckpoint() {
        checkpointDue = nil
        let bytes = try? SmallFile.read(checkpointPath, limit: Self.checkpointLimit)
        guard let bytes, !bytes.isEmpty else { return }
        _ = feed.send(.checkpoint(note: String(decoding: bytes, as: UTF8.self)))
    }

    private func arm() {
        // What cannot be armed waits for the next record: the journal is a copy.
        if let due {
            try? alarm.arm(atBootMicroseconds: due)
        } else {
            try? alarm.disarm()
        }
    }
}
