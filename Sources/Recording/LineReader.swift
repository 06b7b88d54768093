import Glibc
import Linux
import SystemPackage

/// The lines of one file of the log, however long it is.
package struct LineReader: ~Copyable {
    private let descriptor: OwnedDescriptor
    private let path: String
    /// The end of the last whole line that was read.
    package private(set) var offset: Int64

    /// The longest line in bytes, far more than the longest record.
    private static let lineLimit = 64 << 20

    /// Opens a file for reading, from the start of a line.
    package init(path: String, from offset: Int64 = 0) throws(RecordingError) {
        descriptor = try RecordingError.attempt("open", path) { () throws(Errno) in
            try OwnedDescriptor.opening {
                // A pipe in its place would block.
                unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            }
        }
        self.path = path
        self.offset = offset
    }

    /// Passes each whole line, without its line feed, to `line` until that returns `false` or the
    /// file ends.
    ///
    /// A further call continues with the lines appended since.
    package mutating func read(
        _ line: (ArraySlice<UInt8>) -> Bool
    ) throws(RecordingError) {
        _ = try Self.read(descriptor.rawValue, path, from: &offset, atMost: Self.lineLimit, line)
    }

    /// Returns whether an unfinished line follows the whole ones.
    package func hasTornEnd() throws(RecordingError) -> Bool {
        let descriptor = descriptor.rawValue
        let end = try RecordingError.attempt("seek", path) { () throws(Errno) in
            try SystemCall.check { lseek(descriptor, 0, SEEK_END) }
        }
        return Int64(end) > offset
    }

    /// - Returns: the number of bytes after the last whole line, unless it was stopped.
    static func read(
        _ descriptor: Int32,
        _ path: String,
        from offset: inout Int64,
        atMost limit: Int = .max,
        _ line: (ArraySlice<UInt8>) -> Bool
    ) throws(RecordingError) -> Int {
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        while true {
            let place = off_t(offset) + off_t(rest.count)
            let count = try RecordingError.attempt("read", path) { () throws(Errno) in
                try SystemCall.check { unsafe pread(descriptor, &chunk, chunk.count, place) }
            }
            guard count > 0 else { return rest.count }
            let scanned = rest.count
            rest += chunk[..<count]
            var start = 0
            while let end = lineFeed(in: rest, from: max(start, scanned)) {
                offset += Int64(end + 1 - start)
                guard line(rest[start..<end]) else { return 0 }
                start = end + 1
            }
            rest.removeFirst(start)
            guard rest.count <= limit else {
                throw RecordingError(
                    path,
                    "no record is as long as the line from byte \(offset) on"
                )
            }
        }
    }

    private static func lineFeed(in bytes: [UInt8], from start: Int) -> Int? {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress, start < buffer.count,
                let found = unsafe memchr(base + start, 0x0A, buffer.count - start)
            else { return nil }
            return unsafe UnsafeRawPointer(found) - base
        }
    }
}
