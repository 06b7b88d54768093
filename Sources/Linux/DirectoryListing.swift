import Glibc
package import SystemPackage

/// The names in a directory.
package enum DirectoryListing {
    /// All names in the directory at `path`, sorted, without `.` and `..`.
    package static func names(in path: String) throws(Errno) -> [String] {
        guard let stream = unsafe opendir(path) else { throw Errno(rawValue: errno) }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
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
