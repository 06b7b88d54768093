import Glibc
import Synchronization
package import SystemPackage

/// Tells what happens to the grant files of several directories, and to one file elsewhere
/// (inotify(7)).
///
/// A directory that is missing, or goes with one above it, is waited for at the nearest one above it
/// that is there.
package final class DirectoryWatch: Sendable {
    /// What a watched directory is looked at for.
    private struct Interest {
        let path: String
        var isDropDirectory = false
        /// Names whose coming means that a missing directory may be there now.
        var awaited: Set<String> = []
        /// Names whose coming means that another directory may have a name that led to a link.
        var replaced: Set<String> = []
        /// Nothing in it counts until its attributes change.
        var isDistrusted = false
        /// Directories that go with it.
        var below: Set<String> = []
        /// The name of the one file that is watched by itself.
        var file: String?
    }

    private let inotify: OwnedDescriptor
    /// New files that somebody writes, by the watches that tell when they are closed.
    let unfinished = Mutex<[Int32: Set<CreatedFile>]>([:])
    private let directories: [String]
    private let file: Mutex<String>
    private let interests = Mutex<[Int32: Interest]>([:])
    private let absent = Mutex<Set<String>>([])

    private static let arrived = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
    private static let removed = UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
    private static let gone = UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_UNMOUNT)
    /// All that is to be known of a directory that only leads to another.
    private static let coming = gone | UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)
    private static let all = arrived | removed | gone | UInt32(IN_CREATE) | UInt32(IN_ATTRIB)
    /// So many readings in a row leave room for everything else, and hold what the kernel keeps.
    private static let readings = 32

    /// Begins to watch `directories`, where grant files are dropped, and `file`; all are absolute.
    package init(_ directories: [String], file: String) throws(Errno) {
        inotify = try OwnedDescriptor.opening {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
        self.directories = directories
        self.file = Mutex(file)
        for directory in directories { try look(for: directory) }
        try look(for: fileDirectory)
    }

    package var fileDescriptor: Int32 { inotify.rawValue }

    /// The drop directories that are not there.
    package var missing: [String] {
        absent.withLock { $0.intersection(directories).sorted() }
    }

    /// Whether a file of this name counts as a grant file at all.
    package static func counts(_ name: String) -> Bool {
        name.hasSuffix(".grant") && !name.hasPrefix(".")
    }

    /// Watches this one file by itself from now on, and the one before no longer; says whether it is
    /// another.
    package func follow(_ path: String) throws(Errno) -> Bool {
        guard file.withLock({ $0 != path }) else { return false }
        let directory = fileDirectory
        if !directories.contains(directory) { _ = absent.withLock { $0.remove(directory) } }
        interests.withLock { interests in
            for watch in interests.keys { interests[watch]?.file = nil }
        }
        file.withLock { $0 = path }
        try look(for: fileDirectory)
        return true
    }

    /// Tells when a directory, in which nothing counts for now, may be one that is trusted.
    package func awaitTrust(in directory: String) {
        _ = try? add(directory, UInt32(IN_ATTRIB)) { $0.isDistrusted = true }
        let (parent, name) = Self.split(directory)
        _ = try? add(parent, Self.coming) { $0.replaced.insert(name) }
    }

    // MARK: what is watched

    private var fileDirectory: String { Self.split(file.withLock { $0 }).parent }

    /// Watches a directory, or for its coming; `true` if it is there.
    @discardableResult
    private func look(for directory: String) throws(Errno) -> Bool {
        let parts = directory.split(separator: "/")
        var before: Int?
        while true {
            let depth = watchAbove(directory, parts)
            if try add(directory, Self.all, { self.look(in: &$0, as: directory) }) {
                _ = absent.withLock { $0.remove(directory) }
                return true
            }
            _ = absent.withLock { $0.insert(directory) }
            // It may have come before its coming was watched for: then there is more above it now.
            guard depth != before else { return false }
            before = depth
            let (above, name) = (Self.path(parts.prefix(depth)), String(parts[depth]))
            _ = try add(above, Self.coming) { $0.awaited.insert(name) }
        }
    }

    private func look(in interest: inout Interest, as directory: String) {
        if directories.contains(directory) { interest.isDropDirectory = true }
        let (parent, name) = Self.split(file.withLock { $0 })
        if parent == directory { interest.file = name }
    }

    /// Watches whether the directories above one go, as it goes with them; answers how many of its
    /// `parts` lead to the nearest.
    private func watchAbove(_ directory: String, _ parts: [Substring]) -> Int {
        var depth = 0
        for count in 0..<max(parts.count, 1) {
            let path = Self.path(parts.prefix(count))
            let isThere = try? add(path, Self.gone) { $0.below.insert(directory) }
            guard isThere != false else { break }
            if isThere == true { depth = count }
        }
        return depth
    }

    /// Adds an interest in a directory; `false` if there is none of that name.
    private func add(
        _ path: String,
        _ events: UInt32,
        _ change: (inout Interest) -> Void
    ) throws(Errno) -> Bool {
        let mask = events | UInt32(IN_ONLYDIR) | UInt32(IN_MASK_ADD)
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

    private static func path(_ parts: some Sequence<Substring>) -> String {
        "/" + parts.joined(separator: "/")
    }

    /// `/a/b` gives `/a` and `b`, `/a` gives `/` and `a`.
    private static func split(_ path: String) -> (parent: String, name: String) {
        let parts = path.split(separator: "/")
        return (Self.path(parts.dropLast()), parts.last.map(String.init) ?? "")
    }

    // MARK: what happened

    /// What has happened since the last call, in order; if it was very much, the rest is for the next.
    package func drain() -> [DirectoryEvent] {
        var events: [DirectoryEvent] = []
        var renaming = Renaming()
        var created: Set<CreatedFile> = []
        for _ in 0..<Self.readings {
            guard let chunk = try? inotify.readChunk(64 * 1024), !chunk.isEmpty else { break }
            for record in InotifyRecord.records(in: chunk) {
                created.formUnion(closed(record))
                let news = self.events(record, &created)
                events += news + renaming.take(record, news)
            }
        }
        return events + arrivals(among: created)
    }

    private func events(
        _ record: InotifyRecord,
        _ created: inout Set<CreatedFile>
    ) -> [DirectoryEvent] {
        guard record.mask & UInt32(IN_Q_OVERFLOW) == 0 else { return watchAnew() }
        guard let interest = interests.withLock({ $0[record.watch] }) else { return [] }
        if record.mask & Self.gone != 0 { return lose(record.watch, interest) }
        var events: [DirectoryEvent] = []
        let isChange = record.mask & (Self.arrived | Self.removed) != 0
        if record.name == interest.file, isChange { events.append(.fileChanged) }
        if interest.awaited.contains(record.name) { events += lookAgain() }
        if interest.replaced.contains(record.name), record.mask & Self.coming != 0 {
            return events + watchAnew()
        }
        if record.mask & UInt32(IN_ATTRIB) != 0, record.name.isEmpty {
            return interest.isDropDirectory || interest.isDistrusted ? [.trustChanged] : []
        }
        guard interest.isDropDirectory, Self.counts(record.name) else { return events }
        let file = CreatedFile(directory: interest.path, name: record.name)
        if isChange { created.remove(file) }
        if record.mask & UInt32(IN_CREATE) != 0 { created.insert(file) }
        return events + Self.news(of: record, file)
    }

    /// What happened to one grant file.
    private static func news(of record: InotifyRecord, _ file: CreatedFile) -> [DirectoryEvent] {
        let (directory, name) = (file.directory, file.name)
        if record.mask & arrived != 0 { return [.arrived(directory: directory, name: name)] }
        if record.mask & removed != 0 { return [.removed(directory: directory, name: name)] }
        guard record.mask & UInt32(IN_ATTRIB) != 0 else { return [] }
        return [.attributesChanged(directory: directory, name: name)]
    }

    /// A watched directory was deleted, moved or unmounted: what it was looked at for is sought anew,
    /// and so is what went with it.
    private func lose(_ watch: Int32, _ interest: Interest) -> [DirectoryEvent] {
        unwatch(watch)
        var lost = interest.below
        if interest.isDropDirectory || interest.file != nil { lost.insert(interest.path) }
        for stale in interests.withLock({ $0.filter { lost.contains($0.value.path) } }).keys {
            unwatch(stale)
        }
        absent.withLock { $0.formUnion(lost) }
        let events = lost.sorted().flatMap { news(of: $0, .gone(directory: $0)) }
        return events + lookAgain()
    }

    /// Events were lost, and so it may be another directory by now that has a name.
    private func watchAnew() -> [DirectoryEvent] {
        for watch in interests.withLock({ $0 }).keys { unwatch(watch) }
        absent.withLock { $0.formUnion(directories + [fileDirectory]) }
        return lookAgain() + [.overflowed, .fileChanged]
    }

    private func unwatch(_ watch: Int32) {
        interests.withLock { $0[watch] = nil }
        _ = inotify_rm_watch(fileDescriptor, watch)
    }

    /// Which of the missing directories are there now.
    private func lookAgain() -> [DirectoryEvent] {
        absent.withLock { $0.sorted() }.filter { (try? look(for: $0)) == true }
            .flatMap { news(of: $0, .appeared(directory: $0)) }
    }

    /// What the coming or going of a directory is to those who look at it.
    private func news(of directory: String, _ event: DirectoryEvent) -> [DirectoryEvent] {
        (directory == fileDirectory ? [.fileChanged] : [])
            + (directories.contains(directory) ? [event] : [])
    }
}
