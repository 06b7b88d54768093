import Glibc
import Linux
import SystemPackage

/// Reads all lines of a log over all its files, even while an agent appends to it and rotates it.
package struct LogReader: ~Copyable {
    /// The most attempts: between the two steps of a rotation the newest file is missing for a
    /// moment.
    private static let attempts = 200

    private let directory: LogDirectory
    /// The complete segments still to read, oldest first.
    private var queue: [LogSegment]
    /// The first record of the last known segment.
    private var known: UInt64?
    private var lines: LineReader?
    /// True if `lines` are those of the newest file.
    private var isNewest = false

    /// Begins before the oldest line that exists.
    package init(_ directory: LogDirectory) throws(RecordingError) {
        self.directory = directory
        queue = try directory.segments()
        known = queue.last?.first
    }

    /// Passes each whole line, without its line feed, to `line` until that returns `false` or the
    /// lines end.
    ///
    /// A further call continues with the lines appended since.
    package mutating func read(_ line: (ArraySlice<UInt8>) -> Bool) throws(RecordingError) {
        var goesOn = true
        while goesOn {
            if lines == nil { try openNext() }
            try lines?.read {
                goesOn = line($0)
                return goesOn
            }
            guard goesOn else { return }
            if !isNewest {
                // An unfinished line in a complete file counts as a line, though not of a record.
                if try lines?.hasTornEnd() == true { goesOn = line([]) }
                lines = nil
            } else if try !takeNewSegments() {
                return
            } else {
                // The former newest file is the first of them; its end may not have been read.
                queue.removeFirst()
                isNewest = false
            }
        }
    }

    /// Queues the segments completed since the last known one; returns whether there are any.
    private mutating func takeNewSegments() throws(RecordingError) -> Bool {
        let known = known
        let new = try directory.segments().filter { segment in
            known.map { segment.first > $0 } ?? true
        }
        queue += new
        self.known = new.last?.first ?? known
        return !new.isEmpty
    }

    private mutating func openNext() throws(RecordingError) {
        for _ in 0..<Self.attempts {
            if let next = queue.first {
                queue.removeFirst()
                lines = try LineReader(path: next.path)
                return
            }
            let newest = try openNewest()
            // The file is the newest only if no segment was completed before it was opened.
            if try takeNewSegments() { continue }
            if let newest {
                lines = consume newest
                isNewest = true
                return
            }
            guard known != nil else { break }
            usleep(5000)
        }
        lines = try LineReader(path: directory.current)
        isNewest = true
    }

    private func openNewest() throws(RecordingError) -> LineReader? {
        do throws(RecordingError) {
            return try LineReader(path: directory.current)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }
}
