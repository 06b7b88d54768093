import Auditing
import CLinux
import Glibc
import Grants
import Linux
import SystemPackage

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
        let now = record.stamp.realtime
        guard let began, file.length >= rotation.size || now - began >= rotation.age else { return }
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
        try move(directory.current, directory.segment(segment).path)
        guard last == .begin else { return }
        try begin()
    }

    private func move(_ from: String, _ to: String) throws(RecordingError) {
        try RecordingError.attempt("rename", from) { () throws(Errno) in
            _ = try SystemCall.check { unsafe clinux_rename_without_replacing(from, to) }
        }
    }

    private mutating func begin() throws(RecordingError) {
        let directory = directory
        do throws(RecordingError) {
            let new = try RecordFile(path: directory.current)
            try RecordingError.attempt("flush", directory.path) { () throws(Errno) in
                try DirectoryListing.synchronize(directory.path)
            }
            beginSegment(new)
        } catch {
            // The old file is still the one that records go to.
            try? move(directory.segment(segment).path, directory.current)
            throw error
        }
    }
}
