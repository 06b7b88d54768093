package import Auditing
import Glibc
import Grants
import Linux
import SystemPackage

/// A segment that is complete.
package struct LogSegment: Hashable, Sendable {
    /// The number of its first record.
    package let first: UInt64
    package let path: String
}

/// The paths in the directory of the log (docs/PROTOCOL.audit, sections 5 to 7).
package struct LogDirectory: Hashable, Sendable {
    private static let prefix = "audit-"
    private static let suffix = ".jsonl"

    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// The file of the newest records.
    package var current: String { path + "/audit.jsonl" }
    package var leaves: String { path + "/audit.leaves" }
    package var checkpoint: String { path + "/checkpoint" }
    package var publicKey: String { path + "/audit.pub" }

    /// The segment whose first record has this number.
    package func segment(_ first: UInt64) -> LogSegment {
        let digits = String(first)
        let padded = String(repeating: "0", count: 20 - digits.count) + digits
        return LogSegment(first: first, path: "\(path)/\(Self.prefix)\(padded)\(Self.suffix)")
    }

    /// The complete segments, oldest first.
    package func segments() throws(RecordingError) -> [LogSegment] {
        let path = path
        let names = try RecordingError.attempt("list", path) { () throws(Errno) in
            try DirectoryListing.names(in: path)
        }
        return names.compactMap { name in
            let digits = name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
            guard digits.count == 20, let first = UInt64(digits) else { return nil }
            let segment = segment(first)
            return segment.path == "\(path)/\(name)" ? segment : nil
        }
    }

    /// The complete segments whose records are all older than `age`, oldest first.
    func segments(olderThan age: Duration, at now: Moment) throws(RecordingError) -> [LogSegment] {
        let segments = try segments()
        let following = segments.dropFirst().map(\.path) + [current]
        var found: [LogSegment] = []
        for (segment, next) in zip(segments, following) {
            guard let after = try Self.firstRecord(of: next)?.stamp.realtime, now - after > age
            else { break }
            found.append(segment)
        }
        return found
    }

    /// The first record of a file; `nil` if there is no file, or no whole line in it.
    package static func firstRecord(of path: String) throws(RecordingError) -> Record? {
        var found: Result<Record, RecordError>?
        do throws(RecordingError) {
            var lines = try LineReader(path: path)
            try lines.read { line in
                found = Result { () throws(RecordError) in try Record(parsing: line) }
                return false
            }
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
        }
        do throws(RecordError) {
            return try found?.get()
        } catch {
            throw RecordingError(path, "its first record: \(error)")
        }
    }
}
