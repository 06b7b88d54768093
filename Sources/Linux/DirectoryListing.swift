import Glibc
package import SystemPackage

/// The names in a directory.
package enum DirectoryListing {
    /// All names in the directory at `path`, sorted, without `.` and `..`.
    package static func names(in path: String) throws(Errno) -> [String] {
        try names(in: path, atMost: .max) { _ in true }.names
    }

    /// At most `limit` of the names that count, and whether there may be more of them.
    ///
    /// A directory with very many others is not read to its end.
    package static func names(
        in path: String,
        atMost limit: Int,
        where counts: (String) -> Bool
    ) throws(Errno) -> (names: [String], areMore: Bool) {
        guard let stream = unsafe opendir(path) else { throw Errno(rawValue: errno) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        var visits = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            visits += 1
            if name != ".", name != "..", counts(name) { names.append(name) }
            guard names.count <= limit, visits / 4 <= limit else {
                return (names.prefix(limit).sorted(), true)
            }
        }
        return (names.sorted(), false)
    }

    /// Makes all changes to the names in a directory durable (fsync).
    package static func synchronize(_ path: String) throws(Errno) {
        let directory = try OwnedDescriptor.opening {
            unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        let descriptor = directory.rawValue
        try SystemCall.check { fsync(descriptor) }
    }
}
