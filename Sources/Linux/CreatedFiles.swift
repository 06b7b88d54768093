import CLinux
import Glibc
import Synchronization
import SystemPackage

/// A file that was created or linked in a drop directory.
struct CreatedFile: Hashable, Comparable {
    let directory: String
    let name: String

    var path: String { directory + "/" + name }

    static func < (left: Self, right: Self) -> Bool { left.path < right.path }
}

/// Files that inotify reports as created, and may never report again.
///
/// The writer of a new file closes it, and that event is awaited. But a hard link (`ln`, `cp -l`),
/// an unnamed file that is linked in (O_TMPFILE), a symbolic link, a fifo and a directory are
/// complete at once. So a created file counts as complete when nobody has it open for writing,
/// which the kernel shows by granting a read lease on it. The link count would not tell: an unnamed
/// file has one link, as has a file still being written, and a file with two can be open for
/// writing as well.
extension DirectoryWatch {
    /// The most files whose closing is awaited.
    ///
    /// Each takes one of the inotify watches that all of root's programs share. Of further files the
    /// closing alone is reported, under the name that they were opened by.
    private static let mostUnfinished = 256

    private enum Progress {
        case complete
        case beingWritten
        /// The file is gone, or the file system does not say.
        case unknown
    }

    /// The files that are complete; the others are watched until they are closed.
    func arrivals(among created: Set<CreatedFile>) -> [DirectoryEvent] {
        created.sorted().filter { isComplete($0) }
            .map { .arrived(directory: $0.directory, name: $0.name) }
    }

    private func isComplete(_ file: CreatedFile) -> Bool {
        switch Self.progress(of: file.path) {
        case .complete: return true
        case .unknown: return false
        case .beingWritten:
            guard let watch = watchClosing(of: file) else { return false }
            // The file may have been closed before the watch was there.
            guard case .complete = Self.progress(of: file.path) else { return false }
            forget(watch)
            return true
        }
    }

    private static func progress(of path: String) -> Progress {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return .unknown }
        guard status.st_mode & S_IFMT == S_IFREG else { return .complete }
        // Its creator may be about to open it: the kernel reports the creation first.
        if status.st_size == 0, status.st_nlink == 1 { return .beingWritten }
        let flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC
        // The reader will find out why the file cannot be opened.
        guard let file = try? OwnedDescriptor.opening({ unsafe open(path, flags) }) else {
            return .complete
        }
        switch clinux_has_writers(file.rawValue) {
        case 0: return .complete
        case 1: return .beingWritten
        // No leases on this file system or on files of other users: two links show a linked file.
        default: return status.st_nlink > 1 || status.st_uid != geteuid() ? .complete : .unknown
        }
    }

    /// Watches the closing of the file itself, under whatever name it was opened.
    private func watchClosing(of file: CreatedFile) -> Int32? {
        let mask = UInt32(IN_CLOSE_WRITE) | UInt32(IN_ONESHOT) | UInt32(IN_DONT_FOLLOW)
        guard let descriptor = fileDescriptor,
            unfinished.withLock({ $0.count < Self.mostUnfinished })
        else { return nil }
        let watch = unsafe inotify_add_watch(descriptor, file.path, mask)
        guard watch >= 0 else { return nil }
        unfinished.withLock { _ = $0[watch, default: []].insert(file) }
        return watch
    }

    private func forget(_ watch: Int32) {
        unfinished.withLock { $0[watch] = nil }
        if let descriptor = fileDescriptor { _ = inotify_rm_watch(descriptor, watch) }
    }

    /// The files that an event reports as closed; each is checked as if it had just been created.
    func closed(_ record: InotifyRecord) -> Set<CreatedFile> {
        let files = unfinished.withLock { $0.removeValue(forKey: record.watch) }
        return record.mask & UInt32(IN_CLOSE_WRITE) != 0 ? files ?? [] : []
    }
}

/// Pairs the two records of one rename.
struct Renaming {
    private var cookie: UInt32 = 0
    private var origin: String?

    /// Reads the next record with its events; returns the events that a completed rename adds.
    mutating func take(_ record: InotifyRecord, _ events: [DirectoryEvent]) -> [DirectoryEvent] {
        guard record.cookie != 0 else { return [] }
        switch events.last {
        case .removed(let directory, let name):
            (cookie, origin) = (record.cookie, directory + "/" + name)
        case .arrived(let directory, let name):
            guard let origin, record.cookie == cookie else { return [] }
            return [.renamed(from: origin, to: directory + "/" + name)]
        default: break
        }
        return []
    }
}
