import Glibc
package import SystemPackage

/// Files that are written whole or not at all.
package enum AtomicFile {
    /// Writes `bytes` to `path` in place of the file there.
    ///
    /// The bytes go to a dot file in the same directory, which is synced (fsync) and renamed; on
    /// return the new name is durable too. An error changes nothing and leaves no dot file.
    package static func replace(
        _ path: String,
        with bytes: [UInt8],
        mode: UInt32
    ) throws(Errno) {
        let (folder, name) = split(path)
        let temporary = "\(folder)/.\(name).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        do throws(Errno) {
            try write(bytes, toNew: temporary, mode: mode)
            try SystemCall.check { unsafe rename(temporary, path) }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        try DirectoryListing.synchronize(folder)
    }

    private static func write(
        _ bytes: [UInt8],
        toNew path: String,
        mode: UInt32
    ) throws(Errno) {
        let file = try OwnedDescriptor.opening {
            unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        }
        try file.write(bytes)
        try SystemCall.check { fsync(file.rawValue) }
    }

    /// Splits a path: `a/b` gives `a` and `b`, `b` gives `.` and `b`, `/b` gives `/.` and `b`.
    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = slash == path.startIndex ? "/." : String(path[..<slash])
        return (folder, String(path[slash...].dropFirst()))
    }
}
