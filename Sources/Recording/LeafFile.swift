import Auditing
import Glibc
import Linux
import SystemPackage
package import Transparency

/// The leaf hashes of the log, 32 bytes each (docs/PROTOCOL.audit, section 5).
///
/// Not flushed with each record: the next start cuts it to the leaves known to be right and appends
/// the others, computed from the lines.
package struct LeafFile: ~Copyable {
    private let descriptor: OwnedDescriptor
    private let path: String
    /// The number of leaves in the file.
    private var count: UInt64 = 0
    /// The leaves that the disk refused.
    private var waiting: [UInt8] = []

    /// Opens the file, or begins one.
    ///
    /// A lock is held for the life of the value.
    package init(path: String) throws(RecordingError) {
        let opened = try RecordingError.attempt("open", path) { () throws(Errno) in
            try OwnedDescriptor.opening {
                unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
            }
        }
        try RecordingError.lock(opened, path)
        descriptor = opened
        self.path = path
    }

    /// Keeps the first `count` leaves; missing ones are filled with zeros, which prove nothing.
    package mutating func resize(to count: UInt64) throws(RecordingError) {
        let raw = descriptor.rawValue
        let length = off_t(count) * off_t(TreeHash.size)
        try RecordingError.attempt("truncate", path) { () throws(Errno) in
            _ = try SystemCall.check { ftruncate(raw, length) }
        }
        self.count = count
    }

    /// Appends leaves; those that the disk refuses are written with the next.
    package mutating func append(_ leaves: [TreeHash]) {
        for leaf in leaves { leaf.append(to: &waiting) }
        let raw = descriptor.rawValue
        let place = off_t(count) * off_t(TreeHash.size)
        let bytes = waiting
        let written = unsafe pwrite(raw, bytes, bytes.count, place)
        guard written == bytes.count else { return }
        count += UInt64(bytes.count / TreeHash.size)
        waiting = []
    }

    /// Writes all leaves that wait.
    mutating func complete() throws(RecordingError) {
        append([])
        guard waiting.isEmpty else {
            throw RecordingError(attempt: "write", path: path, errno: .noSpace)
        }
    }

    /// Waits until all leaves in the file at `path` are on disk.
    static func flush(_ path: String) throws(RecordingError) {
        try RecordingError.attempt("flush", path) { () throws(Errno) in
            let file = try OwnedDescriptor.opening {
                unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            }
            let raw = file.rawValue
            _ = try SystemCall.check { fdatasync(raw) }
        }
    }

    /// Reads the first leaves of the file at `path`; a partial one at its end is left out.
    package static func read(
        _ path: String,
        atMost count: Int
    ) throws(RecordingError) -> [TreeHash] {
        var leaves: [TreeHash] = []
        try read(path, atMost: count) { leaves.append($0) }
        return leaves
    }

    /// Hands over the first leaves of the file at `path`, one after the other.
    package static func read(
        _ path: String,
        atMost count: Int,
        _ body: (TreeHash) -> Void
    ) throws(RecordingError) {
        let file = try RecordingError.attempt("open", path) { () throws(Errno) in
            try OwnedDescriptor.opening {
                // A pipe in its place would block.
                unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            }
        }
        var (taken, rest) = (0, [UInt8]())
        while taken < count {
            let chunk = try RecordingError.attempt("read", path) { () throws(Errno) in
                try file.readChunk(256 * 1024)
            }
            guard !chunk.isEmpty else { break }
            rest += chunk
            var start = 0
            while start + TreeHash.size <= rest.count, taken < count {
                if let leaf = TreeHash(rest[start..<start + TreeHash.size]) { body(leaf) }
                start += TreeHash.size
                taken += 1
            }
            rest.removeFirst(start)
        }
    }
}
