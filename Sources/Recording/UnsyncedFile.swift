import Glibc
import Linux
import SystemPackage

/// Files that need no fsync, since they can be rebuilt from the log.
enum UnsyncedFile {
    /// Writes a file in place, without waiting until it is on disk.
    static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(Errno) {
        let file = try OwnedDescriptor.opening {
            unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        }
        try file.write(bytes)
    }

    /// Replaces a file in one step, which a power cut may undo.
    static func replace(_ path: String, with bytes: [UInt8], mode: UInt32) throws(Errno) {
        let temporary = path + ".new"
        try write(bytes, to: temporary, mode: mode)
        try SystemCall.check { unsafe rename(temporary, path) }
    }
}
