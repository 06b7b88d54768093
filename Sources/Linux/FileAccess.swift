import Glibc

/// The caller's permissions on a file, by access(2).
package enum FileAccess {
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Returns whether the file exists but may not be read.
    package static func isReadingDenied(_ path: String) -> Bool {
        unsafe access(path, R_OK) != 0 && errno == EACCES
    }

    /// Returns whether files may be created in the directory.
    package static func isWritableDirectory(_ path: String) -> Bool {
        unsafe access(path, W_OK | X_OK) == 0
    }

    /// Removes a file, if it exists and may be removed.
    package static func remove(_ path: String) { unsafe unlink(path) }
}
