import Auditing
import Grants
import Transparency

/// The size and age of a log file, and the retention of old files.
package struct RotationRule: Hashable, Sendable {
    /// The largest size of a file in bytes.
    package var size: Int64
    package var age: Duration
    /// The time for which old files are kept; `nil` for ever.
    package var retention: Duration?

    package init(size: Int64, age: Duration, retention: Duration?) {
        self.size = size
        self.age = age
        self.retention = retention
    }
}

/// The steps of a rotation; the next start can continue the log after each of them
/// (docs/PROTOCOL.audit, section 7).
package enum RotationStep: Sendable, CaseIterable {
    case rename
    case begin
}

extension AuditLog {
    /// Begins a new file if the newest is too large or too old.
    ///
    /// A failure is reported, but does not keep records from being appended. The slower clock
    /// decides which files have outlived the retention: a wall clock that is wrong for a moment
    /// must not cost the log.
    mutating func rotateIfDue(before record: Record) {
        guard segment.isFull(by: rotation, at: record.stamp.realtime) else { return }
        var clock = logState.clock
        clock.take(record)
        do throws(RecordingError) {
            try rotate()
            lookForExpired(at: clock.opening)
            failures[.rotation] = nil
        } catch {
            failures[.rotation] = error.description
        }
    }

    /// Takes all steps up to `last`.
    package mutating func rotate(upTo last: RotationStep = .begin) throws(RecordingError) {
        try segment.rotate(upTo: last, next: signedTree.tree.size)
    }
}
