import Glibc
import Linux
import SystemPackage

/// The newest file of the audit log: whole lines, appended durably, by one agent at a time.
package struct RecordFile: ~Copyable {
    private let descriptor: OwnedDescriptor
    private let path: String
    /// The end of the last whole line on disk.
    package private(set) var length: Int64

    /// Opens the log, or begins one.
    ///
    /// The directory must exist. A lock is held for the life of the value.
    package init(path: String) throws(RecordingError) {
        let opened = try Self.openLocked(path)
        descriptor = opened
        self.path = path
        length = 0
    }

    private static func openLocked(_ path: String) throws(RecordingError) -> OwnedDescriptor {
        let descriptor = try RecordingError.attempt("open", path) { () throws(Errno) in
            try OwnedDescriptor.opening {
                unsafe open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o640)
            }
        }
        try RecordingError.lock(descriptor, path)
        return descriptor
    }

    /// Reads the log from a byte on, line by line, and cuts off an unfinished line that a power cut
    /// left; call it once, before appending.
    package mutating func read(
        from start: Int64 = 0,
        _ line: (ArraySlice<UInt8>) -> Void
    ) throws(RecordingError) {
        length = start
        let raw = descriptor.rawValue
        let torn = try LineReader.read(raw, path, from: &length) { bytes in
            line(bytes)
            return true
        }
        if torn > 0 { try cut() }
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
            // The bytes that reached the file were never acknowledged.
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
        try RecordingError.attempt(what, path) { () throws(Errno) in try SystemCall.check(call) }
    }
}
