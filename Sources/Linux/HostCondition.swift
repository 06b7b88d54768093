import CLinux
import Glibc
package import SystemPackage

/// How exact the kernel's clock is, as ntp_adjtime(3) tells; nothing is changed by asking.
package struct ClockCondition: Hashable, Sendable {
    /// Whether something keeps it in step with the world.
    package let isSynchronized: Bool
    /// The largest error that the kernel assumes, in microseconds.
    package let maximumErrorMicroseconds: Int64

    package static func read() throws(Errno) -> ClockCondition {
        var error: Int64 = 0
        let state = try SystemCall.check { unsafe clinux_clock_state(&error) }
        return ClockCondition(isSynchronized: state == 1, maximumErrorMicroseconds: error)
    }
}

/// How much more a file system takes from others than root, statvfs(3).
package struct DiskRoom: Hashable, Sendable {
    package let bytes: UInt64
    /// What the file system holds when it is empty.
    package let total: UInt64
    /// `nil` where files are not counted.
    package let files: UInt64?

    /// The room where the file or directory at `path` is.
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

/// What is at a path, without opening it.
package enum FileKind {
    /// The permission bits; `nil` if nothing is there or may be looked at.
    package static func permissions(_ path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : nil
    }

    /// How many bytes a file has; `nil` if nothing is there or may be looked at.
    package static func size(_ path: String) -> Int64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Whether something is there that is no file of its own: a link, a device, a pipe, a directory.
    package static func isSpecial(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }

    /// Whether a directory is there, or a link to one.
    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether a Unix socket is there that somebody has bound.
    package static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }
}

/// A switch of the kernel in /proc/sys, in the network namespace of the calling thread.
package enum KernelSwitch {
    /// Whether it is on; `nil` if there is none.
    package static func isOn(_ name: String) -> Bool? {
        guard let bytes = try? SmallFile.read("/proc/sys/" + name, limit: 64) else { return nil }
        return bytes.first != UInt8(ascii: "0")
    }
}
