import Glibc
package import SystemPackage

/// Directories that are created where they are missing.
package enum DirectoryCreation {
    /// Creates the directories of `path` that are missing below `root`, which must be there, and makes
    /// them durable.
    package static func create(_ path: String, below root: String) throws(Errno) {
        var parent = root
        for name in path.split(separator: "/") {
            let directory = "\(parent)/\(name)"
            do throws(Errno) {
                try SystemCall.check { unsafe mkdir(directory, 0o755) }
                try DirectoryListing.synchronize(parent)
            } catch .fileExists {
                // Another process may have made it.
            }
            parent = directory
        }
    }
}
