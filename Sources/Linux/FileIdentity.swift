import Glibc
package import SystemPackage

/// The identity and the state of a file, to tell later whether the file has changed.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    package let size: Int64
    package let modifiedNanoseconds: Int64

    package init(device: UInt64, inode: UInt64, size: Int64, modifiedNanoseconds: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modifiedNanoseconds = modifiedNanoseconds
    }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        // Far-off file times exist; they may wrap but must not trap.
        modifiedNanoseconds =
            Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }

    /// Returns whether both are the same file, whatever happened to its content.
    package func isSameFile(as other: FileIdentity) -> Bool {
        device == other.device && inode == other.inode
    }

    /// The identity of the file at `path`, not of a link's target; `nil` if there is none.
    package static func of(_ path: String) throws(Errno) -> FileIdentity? {
        do throws(Errno) {
            var status = stat()
            try SystemCall.check { unsafe lstat(path, &status) }
            return FileIdentity(status)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .notDirectory {
            return nil
        }
    }
}

extension OwnedDescriptor {
    /// The result of fstat(2).
    borrowing func status() throws(Errno) -> stat {
        var status = stat()
        let descriptor = rawValue
        try SystemCall.check { unsafe fstat(descriptor, &status) }
        return status
    }

    package borrowing func identity() throws(Errno) -> FileIdentity {
        FileIdentity(try status())
    }
}
