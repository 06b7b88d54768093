import Auditing
import CLinux
import Glibc
package import Grants
import Linux
import SystemPackage

/// When the log goes on in a new file, and how long the old ones are kept.
package struct RotationRule: Hashable, Sendable {
    /// In bytes.
    package var size: Int64
    package var age: Duration
    /// `nil` keeps them for ever.
    package var retention: Duration?

    package init(size: Int64, age: Duration, retention: Duration?) {
        self.size = size
        self.age = age
        self.retention = retention
    }
}

/// The steps of a rotation, each of which leaves a log that the next start goes on with
/// (docs/PROTOCOL.audit, section 7).
package enum RotationStep: Int, Sendable, CaseIterable {
    case snapshot
    case rename
    case begin
    case prune
}

extension AuditLog {
    /// Goes on in a new file if the newest is too large or too old.
    ///
    /// What goes wrong with it is a problem, but none that keeps records from being appended.
    mutating func rotateIfDue(at now: Moment) {
        guard let began, file.length >= rotation.size || now - began >= rotation.age else { return }
        do throws(RecordingError) {
            try rotate(at: now)
            troubles[.rotation] = nil
        } catch {
            troubles[.rotation] = error.description
        }
    }

    /// Takes all steps up to `last`.
    package mutating func rotate(
        at now: Moment,
        upTo last: RotationStep = .prune
    ) throws(RecordingError) {
        for step in RotationStep.allCases where step.rawValue <= last.rawValue {
            switch step {
            case .snapshot: try saveSnapshot(replacingBoth: true)
            case .rename: try move(directory.current, directory.segment(segment).path)
            case .begin: try begin()
            case .prune: try prune(at: now)
            }
        }
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
            // The old file is still the one that is written to.
            try? move(directory.segment(segment).path, directory.current)
            throw error
        }
    }

    /// Removes segments all of whose records are older than the retention.
    mutating func prune(at now: Moment?) throws(RecordingError) {
        guard let now, let retention = rotation.retention else { return }
        let segments = try directory.segments()
        for (index, segment) in segments.enumerated() {
            let next = index + 1 < segments.count ? segments[index + 1].path : directory.current
            guard let after = try LogDirectory.firstRecord(of: next)?.stamp.realtime,
                now - after > retention
            else { return }
            // What is copied later would not be removed again.
            keepEvidence(atMost: .max)
            try removeEvidence(of: segment)
            _ = unsafe unlink(segment.path)
        }
    }

    /// Removes the files of grants that only this segment tells of; policies stay.
    private func removeEvidence(of segment: LogSegment) throws(RecordingError) {
        var lines = try LogLines(path: segment.path)
        try lines.read { line in
            guard let entry = try? Record(parsing: line).entry, entry.event != .policyLoaded,
                let digest = entry.evidenceDigest, entry[.evidence] != nil,
                ledger.liveGrant(inFile: digest) == nil
            else { return true }
            for file in entry.evidenceFiles { state.remove(file.name) }
            return true
        }
    }
}
