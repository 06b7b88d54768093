import Glibc

/// What the caller may do with a file, by access(2).
package enum FileAccess {
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Whether the file is there and may not be read.
    package static func isReadingDenied(_ path: String) -> Bool {
        unsafe access(path, R_OK) != 0 && errno == EACCES
    }

    /// Whether files may be made in the directory.
    package static func isWritableDirectory(_ path: String) -> Bool {
        unsafe access(path, W_OK | X_OK) == 0
    }

    /// Removes the name of a file, if it is there and may be removed.
    package static func remove(_ path: String) { unsafe unlink(path) }
}
