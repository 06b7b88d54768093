import Glibc

/// Which programs hold sockets, as far as /proc shows it to this user.
package enum SocketOwner {
    /// The names of programs by the inodes of their sockets, for programs among `names`.
    ///
    /// Only processes of such a name are looked into: the work does not grow with all that is open.
    package static func programs(named names: Set<String>) -> [UInt64: String] {
        var owners: [UInt64: String] = [:]
        for entry in (try? DirectoryListing.names(in: "/proc")) ?? [] where Int32(entry) != nil {
            guard let bytes = try? SmallFile.read("/proc/\(entry)/comm", limit: 64) else {
                continue
            }
            let name = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            guard names.contains(name) else { continue }
            for file in (try? DirectoryListing.names(in: "/proc/\(entry)/fd")) ?? [] {
                if let inode = socket("/proc/\(entry)/fd/\(file)") { owners[inode] = name }
            }
        }
        return owners
    }

    /// `socket:[12345]` (proc_pid_fd(5)).
    private static func socket(_ link: String) -> UInt64? {
        var target = [CChar](repeating: 0, count: 64)
        let count = unsafe readlink(link, &target, target.count)
        guard count > 0 else { return nil }
        let bytes = target.prefix(count).map(UInt8.init(bitPattern:))
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("socket:["), text.hasSuffix("]") else { return nil }
        return UInt64(text.dropFirst(8).dropLast())
    }
}
