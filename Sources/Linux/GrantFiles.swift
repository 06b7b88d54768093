import Glibc
package import SystemPackage

/// The grant files in the watched directories.
extension DirectoryWatch {
    /// Returns whether a file of this name counts as a grant file.
    package static func counts(_ name: String) -> Bool {
        name.hasSuffix(".grant") && !name.hasPrefix(".")
    }

    /// Returns whether a file of this name counts in the watched directories.
    func isOffer(_ name: String) -> Bool { Self.counts(name) || otherNames.contains(name) }

    /// The names of the grant files in a directory, sorted.
    package static func list(_ path: String) throws(Errno) -> [String] {
        try DirectoryListing.names(in: path).filter(counts)
    }

    /// The names of the grant files that changed last, at most `limit`, the newest first, and whether
    /// there may be more of them.
    ///
    /// It goes by the change time, which no owner can set. Very many names are not looked at.
    package static func newest(
        _ limit: Int,
        in path: String
    ) throws(Errno) -> (names: [String], areMore: Bool) {
        let found = try DirectoryListing.names(in: path, atMost: 16 * limit, where: counts)
        let files = found.names.compactMap { name in
            changeTime(of: path + "/" + name).map { (name: name, changed: $0) }
        }
        let names = files.sorted { $0.changed > $1.changed }.prefix(limit).map(\.name)
        return (names, found.areMore || files.count > limit)
    }

    /// The time when the inode of a file changed, in nanoseconds; `nil` if there is no such file.
    private static func changeTime(of path: String) -> Int64? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        return Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }

    /// Removes a file, unless another has replaced it: an event for that one is still to come.
    package static func remove(_ path: String, in state: FileIdentity) {
        guard (try? FileIdentity.of(path)) == state else { return }
        _ = unsafe unlink(path)
    }
}
