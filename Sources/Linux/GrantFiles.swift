import Glibc
package import SystemPackage

/// The grant files in the watched directories.
extension DirectoryWatch {
    /// Returns whether a file of this name counts as a grant file.
    package static func counts(_ name: String) -> Bool {
        name.hasSuffix(".grant") && !name.hasPrefix(".")
    }

    /// The names of the grant files in a directory, sorted.
    package static func list(_ path: String) throws(Errno) -> [String] {
        try DirectoryListing.names(in: path).filter(counts)
    }

    /// Removes a file, unless another has replaced it: an event for that one is still to come.
    package static func remove(_ path: String, in state: FileIdentity) {
        guard (try? FileIdentity.of(path)) == state else { return }
        _ = unsafe unlink(path)
    }
}
