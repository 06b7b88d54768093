import Glibc
import Linux
import SystemPackage

/// All lines of a log, over all its files, also while an agent appends to it and goes on in new
/// files.
package struct LogPassage: ~Copyable {
    /// Between the two steps of a rotation there is no newest file for a moment.
    private static let attempts = 200

    private let directory: LogDirectory
    /// Complete segments that come next, oldest first.
    private var queue: [LogSegment]
    /// The first record of the last segment that is known.
    private var known: UInt64?
    private var lines: LogLines?
    /// Whether `lines` are those of the newest file.
    private var isNewest = false

    /// Begins before the oldest line that there is.
    package init(_ directory: LogDirectory) throws(RecordingError) {
        self.directory = directory
        queue = try directory.segments()
        known = queue.last?.first
    }

    /// Hands over each whole line, without its line feed, until `line` says no or there are no more.
    ///
    /// May be called again, for what has been appended since.
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
                // What has no end in a file that is complete is a line, and none of a record.
                if try lines?.hasTornEnd() == true { goesOn = line([]) }
                lines = nil
            } else if try !takeNewSegments() {
                return
            } else {
                // What was the newest file is the first of them; its end may not have been read.
                queue.removeFirst()
                isNewest = false
            }
        }
    }

    /// Whether segments were completed since the last that is known; they come next.
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
                lines = try LogLines(path: next.path)
                return
            }
            let newest = try openNewest()
            // It is the newest only if nothing was completed until it was open.
            if try takeNewSegments() { continue }
            if let newest {
                lines = consume newest
                isNewest = true
                return
            }
            guard known != nil else { break }
            usleep(5000)
        }
        lines = try LogLines(path: directory.current)
        isNewest = true
    }

    private func openNewest() throws(RecordingError) -> LogLines? {
        do throws(RecordingError) {
            return try LogLines(path: directory.current)
        } catch {
            guard error.errno == .noSuchFileOrDirectory else { throw error }
            return nil
        }
    }
}
