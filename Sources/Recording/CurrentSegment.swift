import Auditing
import CLinux
import Grants
import Linux
import SystemPackage

/// The newest segment of the log, the one that records are appended to.
struct CurrentSegment: ~Copyable {
    private let directory: LogDirectory
    private var file: RecordFile
    /// The number of its first record, and the time of that record.
    private let first: UInt64
    private var began: Moment?
    /// The length of its last line; 0 if it has none.
    private var lastLength: Int64

    /// Continues a segment that has been read.
    init(
        _ directory: LogDirectory,
        _ file: consuming RecordFile,
        from first: UInt64,
        lastLength: Int64
    ) throws(RecordingError) {
        self.directory = directory
        self.file = file
        self.first = first
        self.lastLength = lastLength
        began = try LogDirectory.firstRecord(of: directory.current)?.stamp.realtime
    }

    /// Begins a segment that has no record yet.
    private init(
        beginning directory: LogDirectory,
        _ file: consuming RecordFile,
        from first: UInt64
    ) {
        self.directory = directory
        self.file = file
        self.first = first
        began = nil
        lastLength = 0
    }

    /// The place after its last record.
    var position: LogPosition {
        LogPosition(segment: first, offset: file.length, lastLength: lastLength)
    }

    /// Returns whether it is too large or too old for another record.
    func isFull(by rule: RotationRule, at now: Moment) -> Bool {
        guard let began else { return false }
        return file.length >= rule.size || now - began >= rule.age
    }

    /// Appends records: on return they are on disk; on an error none of them is.
    mutating func append(_ records: [Record], _ lines: [[UInt8]]) throws(RecordingError) {
        try file.append(lines)
        began = began ?? records.first?.stamp.realtime
        lastLength = lines.last.map { Int64($0.count) } ?? lastLength
    }

    /// Takes all steps up to `last` by which the segment gets its final name and another one
    /// begins, whose first record is number `next`.
    mutating func rotate(upTo last: RotationStep, next: UInt64) throws(RecordingError) {
        let final = directory.segment(first).path
        try Self.move(directory.current, final)
        guard last == .begin else { return }
        do throws(RecordingError) {
            let new = try RecordFile(path: directory.current)
            let path = directory.path
            try RecordingError.attempt("flush", path) { () throws(Errno) in
                try DirectoryListing.synchronize(path)
            }
            self = Self(beginning: directory, new, from: next)
        } catch {
            // The old file is still the one that records go to.
            try? Self.move(final, directory.current)
            throw error
        }
    }

    private static func move(_ from: String, _ to: String) throws(RecordingError) {
        try RecordingError.attempt("rename", from) { () throws(Errno) in
            _ = try SystemCall.check { unsafe clinux_rename_without_replacing(from, to) }
        }
    }
}
