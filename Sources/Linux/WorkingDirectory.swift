import Glibc

/// The working directory of this process.
package enum WorkingDirectory {
    /// Makes a path absolute; relative paths start at the working directory.
    package static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(here) }
        return unsafe "\(String(cString: here))/\(path)"
    }
}
