import Glibc
import Synchronization
import SystemPackage

/// Reports changes of the grant files in several directories, and of some other files (inotify(7)).
///
/// A directory that is missing, or may be moved with a parent, is awaited at its nearest existing
/// parent. Directories that inotify cannot watch are polled by `poll`.
package final class DirectoryWatch: Sendable {
    private let inotify = Mutex<InotifyInstance?>(nil)
    /// The files that are being written, by the watches that report their closing.
    let unfinished = Mutex<[Int32: Set<CreatedFile>]>([:])
    let directories: [String]
    let otherNames: Set<String>
    let files: Mutex<[String]>
    private let interests = Mutex<[Int32: DirectoryInterest]>([:])
    private let absent = Mutex<Set<String>>([])
    /// The directories that cannot be watched, and their last known content.
    let polling = Mutex(DirectoryPolling())

    /// The most reads in a row: enough for the kernel's whole queue, and other work still gets its
    /// turn.
    private static let readings = 32

    /// Watches `directories`, for grant files and `others`, and `files`, by absolute paths.
    package init(_ directories: [String], others: Set<String> = [], files: [String]) {
        (self.directories, otherNames) = (directories, others)
        self.files = Mutex(files)
        for directory in directories + fileDirectories { watch(directory) }
    }

    /// The descriptor to wait on; `nil` while inotify has no instance left for this user.
    package var fileDescriptor: Int32? { inotify.withLock { $0?.descriptor.rawValue } }

    /// The drop directories that are missing.
    package var missing: [String] {
        let unwatched = polling.withLock { $0.unwatched }.filter { !FileKind.isDirectory($0) }
        return absent.withLock { $0.union(unwatched) }.intersection(directories).sorted()
    }

    /// Watches these files in place of the last ones; returns whether they are others.
    package func follow(_ paths: [String]) -> Bool {
        guard files.withLock({ $0 != paths }) else { return false }
        for directory in fileDirectories where !directories.contains(directory) {
            _ = absent.withLock { $0.remove(directory) }
        }
        interests.withLock { interests in
            for watch in interests.keys { interests[watch]?.files = [] }
        }
        files.withLock { $0 = paths }
        for directory in fileDirectories { watch(directory) }
        return true
    }

    /// Reports when a distrusted directory may have become trusted.
    package func awaitTrust(in directory: String) {
        _ = try? add(directory, UInt32(IN_ATTRIB)) { $0.isDistrusted = true }
        let (parent, name) = Self.split(directory)
        _ = try? add(parent, WatchedEvents.coming) { $0.replaced.insert(name) }
    }

    // MARK: watches

    private var fileDirectories: [String] { files.withLock { $0.map { Self.split($0).parent } } }

    /// Watches a directory, or for its creation; returns whether it exists.
    ///
    /// A directory that cannot be watched is polled.
    @discardableResult
    func watch(_ directory: String) -> Bool {
        do throws(Errno) {
            let isThere = try look(for: directory)
            polling.withLock { $0.end(directory) }
            return isThere
        } catch {
            _ = absent.withLock { $0.remove(directory) }
            let isInstance = fileDescriptor == nil
            polling.withLock { $0.begin(directory, because: .init(error, isInstance: isInstance)) }
            return FileKind.isDirectory(directory)
        }
    }

    /// Watches a directory, or for its creation; returns whether it exists.
    private func look(for directory: String) throws(Errno) -> Bool {
        let parts = directory.split(separator: "/")
        var before: Int?
        while true {
            let depth = try watchAbove(directory, parts)
            if try add(directory, WatchedEvents.all, { self.look(in: &$0, as: directory) }) {
                _ = absent.withLock { $0.remove(directory) }
                return true
            }
            _ = absent.withLock { $0.insert(directory) }
            // It may have appeared before the watch of its parent: then more of its parents exist
            // now.
            guard depth != before else { return false }
            before = depth
            let (above, name) = (Self.path(parts.prefix(depth)), String(parts[depth]))
            _ = try add(above, WatchedEvents.coming) { $0.awaited.insert(name) }
        }
    }

    private func look(in interest: inout DirectoryInterest, as directory: String) {
        if directories.contains(directory) { interest.isDropDirectory = true }
        for (parent, name) in files.withLock({ $0 }).map(Self.split) where parent == directory {
            interest.files.insert(name)
        }
    }

    /// Watches the parents of a directory for their removal; returns the number of its `parts` that
    /// lead to the nearest existing parent.
    private func watchAbove(_ directory: String, _ parts: [Substring]) throws(Errno) -> Int {
        var depth = 0
        for count in 0..<max(parts.count, 1) {
            let path = Self.path(parts.prefix(count))
            do throws(Errno) {
                guard try add(path, WatchedEvents.gone, { $0.below.insert(directory) }) else {
                    break
                }
                depth = count
            } catch .permissionDenied {
                continue  // One that may be passed through and not be read.
            }
        }
        return depth
    }

    /// Adds an interest in a directory; `false` if there is no directory of that name.
    private func add(
        _ path: String,
        _ events: UInt32,
        _ change: (inout DirectoryInterest) -> Void
    ) throws(Errno) -> Bool {
        let mask = events | UInt32(IN_ONLYDIR) | UInt32(IN_MASK_ADD)
        let descriptor = try instance()
        let watch: Int32
        do throws(Errno) {
            watch = try SystemCall.check { unsafe inotify_add_watch(descriptor, path, mask) }
        } catch .noSuchFileOrDirectory, .notDirectory {
            return false
        }
        interests.withLock { interests in
            var interest = interests[watch] ?? DirectoryInterest(path: path)
            change(&interest)
            interests[watch] = interest
        }
        return true
    }

    /// The descriptor of the inotify instance; makes the instance if none could be made before.
    private func instance() throws(Errno) -> Int32 {
        if let descriptor = fileDescriptor { return descriptor }
        let made = try InotifyInstance()
        let descriptor = made.descriptor.rawValue
        inotify.withLock { $0 = made }
        return descriptor
    }

    private static func path(_ parts: some Sequence<Substring>) -> String {
        "/" + parts.joined(separator: "/")
    }

    /// Splits a path: `/a/b` gives `/a` and `b`, `/a` gives `/` and `a`.
    private static func split(_ path: String) -> (parent: String, name: String) {
        let parts = path.split(separator: "/")
        return (Self.path(parts.dropLast()), parts.last.map(String.init) ?? "")
    }

    // MARK: events

    /// The events since the last call, in order; a long queue is left in part to the next call.
    package func drain() -> [DirectoryEvent] {
        var events: [DirectoryEvent] = []
        guard let instance = inotify.withLock({ $0 }) else { return [] }
        var renaming = Renaming()
        var created: Set<CreatedFile> = []
        for _ in 0..<Self.readings {
            guard let chunk = try? instance.descriptor.readChunk(64 * 1024), !chunk.isEmpty else {
                break
            }
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
        if record.mask & WatchedEvents.gone != 0 { return lose(record.watch, interest) }
        var events: [DirectoryEvent] = []
        let isChange = record.mask & (WatchedEvents.arrived | WatchedEvents.removed) != 0
        if interest.files.contains(record.name), isChange { events.append(.fileChanged) }
        if interest.awaited.contains(record.name) { events += lookAgain() }
        if interest.replaced.contains(record.name), record.mask & WatchedEvents.coming != 0 {
            return events + watchAnew()
        }
        if record.mask & UInt32(IN_ATTRIB) != 0, record.name.isEmpty {
            return interest.isDropDirectory || interest.isDistrusted ? [.trustChanged] : []
        }
        guard interest.isDropDirectory, isOffer(record.name) else { return events }
        let file = CreatedFile(directory: interest.path, name: record.name)
        if isChange { created.remove(file) }
        if record.mask & UInt32(IN_CREATE) != 0 { created.insert(file) }
        return events + record.news(of: file)
    }

    /// Watches again what depended on a directory that was deleted, moved or unmounted.
    private func lose(_ watch: Int32, _ interest: DirectoryInterest) -> [DirectoryEvent] {
        unwatch(watch)
        var lost = interest.below
        if interest.isDropDirectory || !interest.files.isEmpty { lost.insert(interest.path) }
        for stale in interests.withLock({ $0.filter { lost.contains($0.value.path) } }).keys {
            unwatch(stale)
        }
        absent.withLock { $0.formUnion(lost) }
        let events = lost.sorted().flatMap { news(of: $0, .gone(directory: $0)) }
        return events + lookAgain()
    }

    /// Renews all watches after lost events, since another directory may have one of the names now.
    private func watchAnew() -> [DirectoryEvent] {
        for watch in interests.withLock({ $0 }).keys { unwatch(watch) }
        absent.withLock { $0.formUnion(directories + fileDirectories) }
        return lookAgain() + [.overflowed, .fileChanged]
    }

    private func unwatch(_ watch: Int32) {
        interests.withLock { $0[watch] = nil }
        if let fileDescriptor { _ = inotify_rm_watch(fileDescriptor, watch) }
    }

    /// Watches the missing directories that have appeared, and reports them.
    private func lookAgain() -> [DirectoryEvent] {
        absent.withLock { $0.sorted() }.filter { watch($0) }
            .flatMap { news(of: $0, .appeared(directory: $0)) }
    }

    /// The events that the creation or removal of a directory means to its watchers.
    private func news(of directory: String, _ event: DirectoryEvent) -> [DirectoryEvent] {
        (fileDirectories.contains(directory) ? [.fileChanged] : [])
            + (directories.contains(directory) ? [event] : [])
    }
}
