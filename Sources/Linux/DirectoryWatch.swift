import Glibc
package import SystemPackage

/// Tells what happens to the grant files of several directories (inotify(7)).
///
/// The directories must be there when the watch begins.
package final class DirectoryWatch: Sendable {
    private let inotify: Int32
    private let directories: [Int32: String]

    private static let arrived = UInt32(IN_CLOSE_WRITE) | UInt32(IN_MOVED_TO)
    private static let removed = UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
    private static let gone = UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_UNMOUNT)

    package init(_ paths: [String]) throws(Errno) {
        let inotify = try OwnedDescriptor.opening {
            inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        }
        var directories: [Int32: String] = [:]
        for path in paths {
            let mask = Self.arrived | Self.removed | Self.gone | UInt32(IN_ONLYDIR)
            let watch = try SystemCall.check {
                unsafe inotify_add_watch(inotify.rawValue, path, mask)
            }
            directories[watch] = path
        }
        self.inotify = inotify.release()
        self.directories = directories
    }

    deinit {
        close(inotify)
    }

    package var fileDescriptor: Int32 { inotify }

    /// Whether a file of this name counts as a grant file at all.
    package static func counts(_ name: String) -> Bool {
        name.hasSuffix(".grant") && !name.hasPrefix(".")
    }

    /// Everything that has happened since the last call, in order.
    package func drain() -> [DirectoryEvent] {
        var events: [DirectoryEvent] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = unsafe read(inotify, &buffer, buffer.count)
            guard count > 0 else { return events }
            let records = InotifyRecord.records(in: Array(buffer.prefix(count)))
            events += records.compactMap(event)
        }
    }

    private func event(_ record: InotifyRecord) -> DirectoryEvent? {
        guard record.mask & UInt32(IN_Q_OVERFLOW) == 0 else { return .overflowed }
        guard let directory = directories[record.watch] else { return nil }
        guard record.mask & Self.gone == 0 else { return .gone(directory: directory) }
        guard Self.counts(record.name) else { return nil }
        return record.mask & Self.arrived != 0
            ? .arrived(directory: directory, name: record.name)
            : .removed(directory: directory, name: record.name)
    }

    /// The names of the grant files in a directory, sorted.
    package static func list(_ path: String) throws(Errno) -> [String] {
        guard let stream = unsafe opendir(path) else { throw Errno(rawValue: errno) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if counts(name) { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file; one that is gone already is no error.
    package static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }
}
