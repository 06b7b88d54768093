package import Auditing
package import Linux
package import SystemPackage

/// The journal's copy of the audit log, with its schedule.
///
/// A checkpoint follows an hour after the first record that the last one did not include, and at
/// the end; without new records nothing is due. Times are CLOCK_BOOTTIME in microseconds.
package struct JournalCopy {
    private static let checkpointInterval: Int64 = 3_600_000_000
    /// The longest checkpoint: it has three lines and its signatures.
    private static let checkpointLimit = 65_536

    /// The timer that fires when `timePassed` has something to do.
    package let alarm: BootTimeTimer
    private let checkpointPath: String
    private var feed: JournalFeed
    /// The time of the next checkpoint; `nil` when the journal has the last one.
    private var checkpointDue: Int64?

    package init(socketPath: String, auditDirectory: String) throws(Errno) {
        let directory = LogDirectory(auditDirectory)
        feed = try JournalFeed(socketPath: socketPath, log: directory.current)
        checkpointPath = directory.checkpoint
        alarm = try BootTimeTimer()
    }

    /// The failure that keeps records from the journal.
    package var failure: JournalFailure? { feed.failure }

    /// The time of the next work; `nil` if there is none.
    package var due: Int64? { [feed.nextRetry, checkpointDue].compactMap(\.self).min() }

    /// Sends records that are on disk.
    package mutating func publish(_ records: [Record], at now: Int64) {
        guard !records.isEmpty else { return }
        feed.publish(records, at: now)
        checkpointDue = checkpointDue ?? now + Self.checkpointInterval
        arm()
    }

    /// Does the work that is due.
    package mutating func timePassed(at now: Int64) {
        if let due = feed.nextRetry, due <= now { feed.retry(at: now) }
        if let due = checkpointDue, due <= now { sendCheckpoint() }
        arm()
    }

    /// Sends the journal as much as it accepts, at the end.
    package mutating func stop(at now: Int64) {
        feed.retry(at: now)
        if checkpointDue != nil { sendCheckpoint() }
    }

    /// Sends a checkpoint; if the journal refuses it, the next one covers as much and more.
    private mutating func sendCheckpoint() {
        checkpointDue = nil
        let bytes = try? SmallFile.read(checkpointPath, limit: Self.checkpointLimit)
        guard let bytes, !bytes.isEmpty else { return }
        _ = feed.send(.checkpoint(note: String(decoding: bytes, as: UTF8.self)))
    }

    private func arm() {
        // If the timer cannot be armed, the next record sends what waits: the journal is a copy.
        if let due {
            try? alarm.arm(atBootMicroseconds: due)
        } else {
            try? alarm.disarm()
        }
    }
}
