import Glibc
import Linux
package import SystemPackage

/// Why the log on disk could not be read or written.
package struct RecordingError: Error, Hashable, Sendable, CustomStringConvertible {
    package let attempt: String
    package let path: String
    package let errno: Errno

    package var description: String { "\(attempt) \(path): \(errno)" }
}

/// The file of the audit log: whole lines, appended durably, by one agent at a time.
package struct RecordFile: ~Copyable {
    private let descriptor: OwnedDescriptor
    private let path: String
    /// The end of the last whole line that is on disk.
    private var length: Int64

    /// Opens the log, or begins one, and cuts off a line that a power cut left unfinished.
    ///
    /// The directory must be there. Held by a lock for as long as the value lives.
    package init(path: String) throws(RecordingError) {
        let opened = try Self.openLocked(path)
        descriptor = opened
        self.path = path
        length = 0
    }

    private static func openLocked(_ path: String) throws(RecordingError) -> OwnedDescriptor {
        do {
            let descriptor = try OwnedDescriptor.opening {
                unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o640)
            }
            let raw = descriptor.rawValue
            try SystemCall.check { flock(raw, LOCK_EX | LOCK_NB) }
            return descriptor
        } catch {
            throw RecordingError(attempt: "open", path: path, errno: error)
        }
    }

    /// Hands over the whole log, line by line, and mends its end; call it once, before appending.
    package mutating func read(_ line: (ArraySlice<UInt8>) -> Void) throws(RecordingError) {
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        var offset: Int64 = 0
        while true {
            let count = try attempt("read") { [raw = descriptor.rawValue] in
                unsafe pread(raw, &chunk, chunk.count, off_t(offset))
            }
            guard count > 0 else { break }
            offset += Int64(count)
            rest += chunk.prefix(count)
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                line(rest[start..<end])
                start = end + 1
            }
            rest.removeFirst(start)
        }
        length = offset - Int64(rest.count)
        if !rest.isEmpty { try cut() }
    }

    /// Appends lines in one write and waits until they are on disk: all of them, or none.
    package mutating func append(_ lines: [[UInt8]]) throws(RecordingError) {
        let bytes = Array(lines.joined())
        do throws(RecordingError) {
            let written = try attempt("write") { [raw = descriptor.rawValue] in
                unsafe write(raw, bytes, bytes.count)
            }
            guard written == bytes.count else {
                throw RecordingError(attempt: "write", path: path, errno: .noSpace)
            }
            _ = try attempt("flush") { [raw = descriptor.rawValue] in Int(fdatasync(raw)) }
        } catch {
            // What reached the file was never acknowledged.
            try cut()
            throw error
        }
        length += Int64(bytes.count)
    }

    private func cut() throws(RecordingError) {
        _ = try attempt("truncate") { [raw = descriptor.rawValue, length] in
            Int(ftruncate(raw, off_t(length)))
        }
    }

    private func attempt(_ what: String, _ call: () -> Int) throws(RecordingError) -> Int {
        do {
            return try SystemCall.check(call)
        } catch {
            throw RecordingError(attempt: what, path: path, errno: error)
        }
    }
}
