import Glibc
import SystemPackage

/// A process that holds a socket.
package struct SocketHolder: Hashable, Sendable {
    /// The name of the process (proc_pid_comm(5)): 15 bytes of it at most.
    package let name: String
    /// Other names of the process: its program file, and the names of files in its command line.
    package let words: [String]

    package init(name: String, words: [String] = []) {
        self.name = name
        self.words = words
    }

    /// Returns whether it is a program of this name.
    package func isCalled(_ program: String) -> Bool {
        name == String(program.prefix(15)) || words.contains(program)
    }
}

/// The programs that hold sockets, as far as /proc shows them to this user.
package enum SocketOwner {
    /// The processes that hold the sockets with these inodes.
    package static func holders(of inodes: Set<UInt64>) -> [UInt64: [SocketHolder]] {
        var holders: [UInt64: [SocketHolder]] = [:]
        guard !inodes.isEmpty else { return holders }
        for process in (try? DirectoryListing.names(in: "/proc")) ?? [] where Int32(process) != nil
        {
            let held = sockets(of: process).intersection(inodes)
            guard !held.isEmpty else { continue }
            let holder = holder(process)
            for inode in held { holders[inode, default: []].append(holder) }
        }
        return holders
    }

    /// The inodes of the open sockets of a process.
    static func sockets(of process: String) -> Set<UInt64> {
        let files = (try? DirectoryListing.names(in: "/proc/\(process)/fd")) ?? []
        return Set(files.compactMap { socket("/proc/\(process)/fd/\($0)") })
    }

    private static func holder(_ process: String) -> SocketHolder {
        let name = (try? SmallFile.read("/proc/\(process)/comm", limit: 64)) ?? []
        let line = (try? SmallFile.read("/proc/\(process)/cmdline", limit: 1 << 20)) ?? []
        // Later words are arguments about the program's work, not its identity.
        let words = line.split(separator: 0).prefix(8).map { String(decoding: $0, as: UTF8.self) }
        let program = link("/proc/\(process)/exe")?.replacing(" (deleted)", with: "")
        return SocketHolder(
            name: String(decoding: name.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self),
            words: ([program].compactMap(\.self) + words).map(baseName)
        )
    }

    /// Parses `socket:[12345]` (proc_pid_fd(5)).
    private static func socket(_ path: String) -> UInt64? {
        guard let text = link(path), text.hasPrefix("socket:["), text.hasSuffix("]") else {
            return nil
        }
        return UInt64(text.dropFirst(8).dropLast())
    }

    private static func link(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &target, target.count)
        guard count > 0 else { return nil }
        return String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func baseName(_ path: String) -> String {
        String(path.split(separator: "/").last ?? "")
    }
}
