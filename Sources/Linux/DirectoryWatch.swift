import Glibc
import Synchronization
package import SystemPackage

/// Tells what happens to the grant files of several directories, and to one file elsewhere
/// (inotify(7)).
///
/// A directory that is missing is waited for at the nearest one above it that is there.
package final class DirectoryWatch: Sendable {
    /// What a watched directory is looked at for.
    private struct Interest {
        let path: String
        var isDropDirectory = false
        /// Names whose coming means that a missing directory may be there now.
        var awaited: Set<String> = []
        /// The name of the one file that is watched by itself.
        var file: String?
    }

    private let inotify: OwnedDescriptor
    private let directories: [String]
    private let file: String
    private let interests = Mutex<[Int32: Interest]>([:])
    private let absent = Mutex<Set<String>>([])

    private static let arrived = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
    private static let removed = UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
    private static let gone = UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_UNMOUNT)

    /// Begins to watch `directories`, where grant files are dropped, and `file`; all are absolute.
    package init(_ directories: [String], file: String) throws(Errno) {
        inotify = try OwnedDescriptor.opening {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
        self.directories = directories
        self.file = file
        for directory in directories { try look(for: directory) }
        try lookForFile()
    }

    package var fileDescriptor: Int32 { inotify.rawValue }

    /// The drop directories that are not there.
    package var missing: [String] { absent.withLock { $0.sorted() } }

    /// Whether a file of this name counts as a grant file at all.
    package static func counts(_ name: String) -> Bool {
        name.hasSuffix(".grant") && !name.hasPrefix(".")
    }

    // MARK: what is watched

    /// Watches a drop directory, or for its coming; `true` if it is there.
    @discardableResult
    private func look(for directory: String) throws(Errno) -> Bool {
        if try add(directory, { $0.isDropDirectory = true }) {
            _ = absent.withLock { $0.remove(directory) }
            return true
        }
        _ = absent.withLock { $0.insert(directory) }
        var (parent, name) = Self.split(directory)
        while try !add(parent, { $0.awaited.insert(name) }), parent != "/" {
            (parent, name) = Self.split(parent)
        }
        return false
    }

    private func lookForFile() throws(Errno) {
        let (parent, name) = Self.split(file)
        _ = try add(parent) { $0.file = name }
    }

    /// Adds an interest in a directory; `false` if there is none of that name.
    private func add(_ path: String, _ change: (inout Interest) -> Void) throws(Errno) -> Bool {
        let mask = Self.arrived | Self.removed | Self.gone | UInt32(IN_CREATE) | UInt32(IN_ONLYDIR)
        let watch: Int32
        do throws(Errno) {
            watch = try SystemCall.check { unsafe inotify_add_watch(fileDescriptor, path, mask) }
        } catch .noSuchFileOrDirectory, .notDirectory {
            return false
        }
        interests.withLock { interests in
            var interest = interests[watch] ?? Interest(path: path)
            change(&interest)
            interests[watch] = interest
        }
        return true
    }

    /// `/a/b` gives `/a` and `b`, `/a` gives `/` and `a`.
    private static func split(_ path: String) -> (parent: String, name: String) {
        let parts = path.split(separator: "/")
        return ("/" + parts.dropLast().joined(separator: "/"), parts.last.map(String.init) ?? "")
    }

    // MARK: what happened

    /// Everything that has happened since the last call, in order.
    package func drain() -> [DirectoryEvent] {
        var events: [DirectoryEvent] = []
        while let chunk = try? inotify.readChunk(64 * 1024), !chunk.isEmpty {
            for record in InotifyRecord.records(in: chunk) { events += self.events(record) }
        }
        return events
    }

    private func events(_ record: InotifyRecord) -> [DirectoryEvent] {
        guard record.mask & UInt32(IN_Q_OVERFLOW) == 0 else { return [.overflowed] }
        guard let interest = interests.withLock({ $0[record.watch] }) else { return [] }
        if record.mask & Self.gone != 0 { return lose(record.watch, interest) }
        var events: [DirectoryEvent] = []
        let isChange = record.mask & (Self.arrived | Self.removed) != 0
        if record.name == interest.file, isChange { events.append(.fileChanged) }
        if interest.awaited.contains(record.name) { events += lookAgain() }
        guard interest.isDropDirectory, isChange, Self.counts(record.name) else { return events }
        let hasArrived = record.mask & Self.arrived != 0
        events.append(
            hasArrived
                ? .arrived(directory: interest.path, name: record.name)
                : .removed(directory: interest.path, name: record.name)
        )
        return events
    }

    /// A watched directory was deleted, moved or unmounted: what it was looked at for is sought anew.
    private func lose(_ watch: Int32, _ interest: Interest) -> [DirectoryEvent] {
        interests.withLock { $0[watch] = nil }
        _ = inotify_rm_watch(fileDescriptor, watch)
        var events: [DirectoryEvent] = []
        if interest.file != nil {
            try? lookForFile()
            events.append(.fileChanged)
        }
        if interest.isDropDirectory {
            _ = absent.withLock { $0.insert(interest.path) }
            events.append(.gone(directory: interest.path))
        }
        return events + lookAgain()
    }

    /// Which of the missing directories are there now.
    private func lookAgain() -> [DirectoryEvent] {
        missing.compactMap { (try? look(for: $0)) == true ? .appeared(directory: $0) : nil }
    }
}

/// The files themselves.
extension DirectoryWatch {
    /// The names of the grant files in a directory, sorted.
    package static func list(_ path: String) throws(Errno) -> [String] {
        try DirectoryListing.names(in: path).filter(counts)
    }

    /// Removes a file; one that is gone already is no error.
    package static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }
}
