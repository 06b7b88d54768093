import Glibc
package import SystemPackage

/// The grant files themselves.
extension DirectoryWatch {
    /// Whether a file of this name counts as a grant file at all.
    package static func counts(_ name: String) -> Bool {
        name.hasSuffix(".grant") && !name.hasPrefix(".")
    }

    /// The names of the grant files in a directory, sorted.
    package static func list(_ path: String) throws(Errno) -> [String] {
        try DirectoryListing.names(in: path).filter(counts)
    }

    /// Removes a file, unless it is another by now: what took its place has yet to be heard of.
    package static func remove(_ path: String, in state: FileIdentity) {
        guard (try? FileIdentity.of(path)) == state else { return }
        _ = unsafe unlink(path)
    }
}
