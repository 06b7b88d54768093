import Glibc
import Synchronization
package import SystemPackage

/// One inotify instance; the kernel limits their number per user.
final class InotifyInstance: Sendable {
    let descriptor: OwnedDescriptor

    init() throws(Errno) {
        descriptor = try OwnedDescriptor.opening {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
    }
}

/// The reason that inotify cannot watch.
package enum InotifyShortage: Hashable, Sendable {
    case instances
    case watches
    case other(Errno)

    init(_ error: Errno, isInstance: Bool) {
        switch error {
        case .tooManyOpenFiles where isInstance: self = .instances
        case .noSpace: self = .watches
        default: self = .other(error)
        }
    }

    /// The reason: one clause.
    package var reason: String {
        switch self {
        case .instances: "no inotify instance is left"
        case .watches: "no inotify watch is left"
        case .other(let error): "inotify does not serve: \(error)"
        }
    }

    /// The command that raises the limit, if it is one.
    package var remedy: String? {
        switch self {
        case .instances: Self.raising("max_user_instances")
        case .watches: Self.raising("max_user_watches")
        case .other: nil
        }
    }

    private static func raising(_ name: String) -> String {
        let setting = "fs.inotify.\(name)"
        guard let bytes = try? SmallFile.read("/proc/sys/fs/inotify/\(name)", limit: 64) else {
            return "raise \(setting)"
        }
        let value = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let double = Int(value).map { String($0 &* 2) } ?? "…"
        return "it is \(value): sysctl -w \(setting)=\(double), and the same in /etc/sysctl.d"
    }
}

/// The state of a file; unlike its modification time, its change time cannot be set.
private struct FileStamp: Hashable {
    let identity: FileIdentity
    let changed: timespec

    /// Reads the state of the file at `path`; `nil` if there is none.
    init?(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        identity = FileIdentity(status)
        changed = status.st_ctim
    }

    static func == (left: Self, right: Self) -> Bool {
        left.identity == right.identity && left.changed.tv_sec == right.changed.tv_sec
            && left.changed.tv_nsec == right.changed.tv_nsec
    }

    func hash(into hasher: inout Hasher) { hasher.combine(identity) }

    /// Returns whether the file was unchanged for over a second and so is likely to be complete.
    func isSettled(at now: Int64) -> Bool {
        (now - Int64(changed.tv_sec) &* 1_000_000).magnitude >= 2_000_000
    }
}

/// The known state of directories that inotify does not watch.
struct DirectoryPolling: Sendable {
    private(set) var shortage: InotifyShortage?
    private(set) var unwatched: Set<String> = []
    /// The grant files of each directory; `nil` for one that was missing.
    private var known: [String: [String: FileStamp]?] = [:]
    private var files: [FileStamp?] = []

    mutating func begin(_ directory: String, because shortage: InotifyShortage) {
        self.shortage = shortage
        unwatched.insert(directory)
    }

    mutating func end(_ directory: String) {
        guard unwatched.remove(directory) != nil, unwatched.isEmpty else { return }
        self = DirectoryPolling()
    }

    /// The changes since the last look; the first look asks for a listing of everything.
    fileprivate mutating func events(
        _ directories: [String],
        _ others: Set<String>,
        _ paths: [String]
    ) -> [DirectoryEvent] {
        let now = ClockReading.now().wallMicroseconds
        let isFirst = known.isEmpty
        var events: [DirectoryEvent] = []
        for directory in directories {
            guard let found = Self.files(in: directory, others) else { continue }
            let before = known[directory] ?? nil
            let (next, changes) = Self.changes(in: directory, from: before, to: found, at: now)
            known[directory] = .some(next)
            events += changes
        }
        let stamps = paths.map(FileStamp.init)
        defer { files = stamps }
        if isFirst { return [.overflowed, .fileChanged] }
        return events + (stamps == files ? [] : [.fileChanged])
    }

    /// The grant files of a directory, `.some(nil)` if it is missing; `nil` if it cannot be read
    /// now.
    private static func files(
        in directory: String,
        _ others: Set<String>
    ) -> [String: FileStamp]?? {
        do throws(Errno) {
            var files: [String: FileStamp] = [:]
            for name in try DirectoryWatch.list(directory) + others {
                files[name] = FileStamp(directory + "/" + name)
            }
            return .some(files)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return .some(nil)
        } catch {
            return nil
        }
    }

    /// The changes of a directory's files, and the state to compare with next time.
    private static func changes(
        in directory: String,
        from before: [String: FileStamp]?,
        to found: [String: FileStamp]?,
        at now: Int64
    ) -> ([String: FileStamp]?, [DirectoryEvent]) {
        guard var found else {
            return (nil, before == nil ? [] : [.gone(directory: directory)])
        }
        guard let before else { return (found, [.appeared(directory: directory)]) }
        var events = before.keys.filter { found[$0] == nil }.sorted().map {
            DirectoryEvent.removed(directory: directory, name: $0)
        }
        for (name, stamp) in found.sorted(by: { $0.key < $1.key }) where stamp != before[name] {
            // The file may still be being written: it counts the next time.
            if stamp.isSettled(at: now) {
                events.append(.arrived(directory: directory, name: name))
            } else {
                found[name] = before[name]
            }
        }
        return (found, events)
    }
}

extension DirectoryWatch {
    /// The reason for polling; `nil` while inotify watches all directories.
    package var shortage: InotifyShortage? { polling.withLock { $0.shortage } }

    /// Looks for changes in the directories that are not watched, and tries to watch them.
    package func poll() -> [DirectoryEvent] {
        guard shortage != nil else { return [] }
        for directory in polling.withLock({ $0.unwatched }).sorted() { watch(directory) }
        // From here on inotify reports; earlier changes need a listing of everything.
        guard shortage != nil else { return [.overflowed, .fileChanged] }
        let paths = files.withLock { $0 }
        return polling.withLock { $0.events(directories, otherNames, paths) }
    }
}
