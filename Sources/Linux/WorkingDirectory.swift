import Glibc

/// Where this process stands.
package enum WorkingDirectory {
    /// A path that means the same from anywhere; relative ones are from here.
    package static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(here) }
        return unsafe "\(String(cString: here))/\(path)"
    }
}
