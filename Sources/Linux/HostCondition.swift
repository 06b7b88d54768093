import CLinux
import Glibc
package import SystemPackage

/// The accuracy of the kernel's clock, as ntp_adjtime(3) reports it; reading changes nothing.
package struct ClockCondition: Hashable, Sendable {
    /// True if a time service keeps the clock synchronized.
    package let isSynchronized: Bool
    /// The largest error that the kernel assumes, in microseconds.
    package let maximumErrorMicroseconds: Int64

    package static func read() throws(Errno) -> ClockCondition {
        var error: Int64 = 0
        let state = try SystemCall.check { unsafe clinux_clock_state(&error) }
        return ClockCondition(isSynchronized: state == 1, maximumErrorMicroseconds: error)
    }
}

/// The space that a file system has left for users other than root, statvfs(3).
package struct DiskRoom: Hashable, Sendable {
    package let bytes: UInt64
    /// The size of the file system.
    package let total: UInt64
    /// The number of free inodes; `nil` if the file system does not count them.
    package let files: UInt64?

    /// Reads the space left on the file system of the file or directory at `path`.
    package static func read(_ path: String) throws(Errno) -> DiskRoom {
        var status = statvfs()
        try SystemCall.check { unsafe statvfs(path, &status) }
        return DiskRoom(
            bytes: UInt64(status.f_bavail) * UInt64(status.f_frsize),
            total: UInt64(status.f_blocks) * UInt64(status.f_frsize),
            files: status.f_files == 0 ? nil : UInt64(status.f_favail)
        )
    }
}

/// The kind of a file, found without opening it.
package enum FileKind {
    /// The permission bits; `nil` if the file is missing or inaccessible.
    package static func permissions(_ path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : nil
    }

    /// The size of a file in bytes; `nil` if the file is missing or inaccessible.
    package static func size(_ path: String) -> Int64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Returns whether the path is a link, device, pipe, socket or directory, not a regular file.
    package static func isSpecial(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }

    /// Returns whether the path is a directory or a link to one.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Returns whether the path is a bound Unix socket.
    package static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}

/// A boolean sysctl in /proc/sys, in the network namespace of the calling thread.
package enum KernelSwitch {
    /// Returns whether the sysctl is on; `nil` if it does not exist.
    package static func isOn(_ name: String) -> Bool? {
        guard let bytes = try? SmallFile.read("/proc/sys/" + name, limit: 64) else { return nil }
        return bytes.first != UInt8(ascii: "0")
    }
}
