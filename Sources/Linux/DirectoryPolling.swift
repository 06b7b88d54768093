import Glibc
import Synchronization
import SystemPackage

/// One inotify instance, of which the kernel gives each user so many.
final class InotifyInstance: Sendable {
    let descriptor: OwnedDescriptor

    init() throws(Errno) {
        descriptor = try OwnedDescriptor.opening {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
    }
}

/// Why inotify does not serve.
enum InotifyShortage: Hashable, Sendable, CustomStringConvertible {
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

    var description: String {
        switch self {
        case .instances: "no inotify instance is left" + Self.limit("max_user_instances")
        case .watches: "no inotify watch is left" + Self.limit("max_user_watches")
        case .other(let error): "inotify does not serve: \(error)"
        }
    }

    /// What bounds it, and how that is raised.
    private static func limit(_ name: String) -> String {
        let setting = "fs.inotify.\(name)"
        guard let bytes = try? SmallFile.read("/proc/sys/fs/inotify/\(name)", limit: 64) else {
            return " (\(setting)): raise that"
        }
        let value = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let double = Int(value).map { String($0 &* 2) } ?? "…"
        return " (\(setting) is \(value)): sysctl -w \(setting)=\(double), and /etc/sysctl.d"
    }
}

/// Which state of a file it is; other than its time of writing, that of its change cannot be set.
private struct FileStamp: Hashable {
    let identity: FileIdentity
    let changed: timespec

    /// The file at `path`; `nil` if there is none.
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

    /// Whether nothing has happened to the file for a second at least: it is likely to be complete.
    func isSettled(at now: Int64) -> Bool {
        (now - Int64(changed.tv_sec) &* 1_000_000).magnitude >= 2_000_000
    }
}

/// What was found in directories that inotify does not watch.
struct DirectoryPolling: Sendable {
    private(set) var shortage: InotifyShortage?
    private(set) var unwatched: Set<String> = []
    /// The grant files of each directory; none of one that was not there.
    private var known: [String: [String: FileStamp]?] = [:]
    private var file: FileStamp?

    mutating func begin(_ directory: String, because shortage: InotifyShortage) {
        self.shortage = shortage
        unwatched.insert(directory)
    }

    mutating func end(_ directory: String) {
        guard unwatched.remove(directory) != nil, unwatched.isEmpty else { return }
        self = DirectoryPolling()
    }

    /// What is other than the last time; the first time all has to be listed.
    fileprivate mutating func events(_ directories: [String], _ path: String) -> [DirectoryEvent] {
        let now = ClockReading.now().wallMicroseconds
        let isFirst = known.isEmpty
        var events: [DirectoryEvent] = []
        for directory in directories {
            guard let found = Self.files(in: directory) else { continue }
            let before = known[directory] ?? nil
            let (next, changes) = Self.changes(in: directory, from: before, to: found, at: now)
            known[directory] = .some(next)
            events += changes
        }
        let stamp = FileStamp(path)
        defer { file = stamp }
        if isFirst { return [.overflowed, .fileChanged] }
        return events + (stamp == file ? [] : [.fileChanged])
    }

    /// The grant files of a directory, `.some(nil)` if it is not there; `nil` if it cannot be read now.
    private static func files(in directory: String) -> [String: FileStamp]?? {
        do throws(Errno) {
            var files: [String: FileStamp] = [:]
            for name in try DirectoryWatch.list(directory) {
                files[name] = FileStamp(directory + "/" + name)
            }
            return .some(files)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return .some(nil)
        } catch {
            return nil
        }
    }

    /// What happened to the files of a directory, and what is to be known of them from now on.
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
            // Whoever writes it may not be done: it counts the next time.
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
    /// Why directories are looked at by the clock; `nil` while inotify tells of all of them.
    package var shortage: String? { polling.withLock { $0.shortage?.description } }

    /// Looks at the directories that cannot be watched, and whether they can be by now.
    package func poll() -> [DirectoryEvent] {
        guard shortage != nil else { return [] }
        for directory in polling.withLock({ $0.unwatched }).sorted() { watch(directory) }
        // From here on inotify tells; what happened before it could, a look at all of it.
        guard shortage != nil else { return [.overflowed, .fileChanged] }
        let path = file.withLock { $0 }
        return polling.withLock { $0.events(directories, path) }
    }
}
