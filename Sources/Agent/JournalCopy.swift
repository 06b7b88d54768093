import Auditing
import Linux
import Recording
import SystemPackage

/// The journal's copy of the audit log, and when to see to it.
///
/// A checkpoint follows an hour after the first record that the last one did not hold, and at the
/// end; while nothing is recorded nothing is due.
struct JournalCopy {
    private static let checkpointInterval: Int64 = 3_600_000_000
    /// A checkpoint has three lines and its signatures.
    private static let checkpointLimit = 65_536

    /// Rings when `timePassed` has something to do.
    let alarm: Alarm
    private let checkpointPath: String
    private var feed: JournalFeed
    /// On CLOCK_BOOTTIME in microseconds; `nil` when the journal has the last checkpoint.
    private var checkpointDue: Int64?

    init(socketPath: String, auditDirectory: String) throws(Errno) {
        feed = try JournalFeed(socketPath: socketPath, log: auditDirectory + "/audit.jsonl")
        checkpointPath = auditDirectory + "/checkpoint"
        alarm = try Alarm()
    }

    /// What keeps records from the journal, for people.
    var problem: String? { feed.problem }

    /// Takes records that are on disk.
    mutating func publish(_ records: [Record]) {
        guard !records.isEmpty else { return }
        let now = ClockReading.now().bootMicroseconds
        feed.publish(records, at: now)
        checkpointDue = checkpointDue ?? now + Self.checkpointInterval
        arm()
    }

    /// Does what is due.
    mutating func timePassed() {
        let now = ClockReading.now().bootMicroseconds
        if let due = feed.nextRetry, due <= now { feed.retry(at: now) }
        if let due = checkpointDue, due <= now { sendCheckpoint() }
        arm()
    }

    /// Leaves the journal with as much as it takes.
    mutating func stop() {
        feed.retry(at: ClockReading.now().bootMicroseconds)
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
        let due = [feed.nextRetry, checkpointDue].compactMap(\.self).min()
        // What cannot be armed waits for the next record: the journal is a copy.
        if let due {
            try? alarm.arm(atBootMicroseconds: due)
        } else {
            try? alarm.disarm()
        }
    }
}
