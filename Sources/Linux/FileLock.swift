import Glibc
package import SystemPackage

/// An exclusive lock on a file (flock(2)), held until the end of its owner's life.
package struct FileLock: ~Copyable {
    private let file: OwnedDescriptor

    private init(holding file: consuming OwnedDescriptor) {
        self.file = file
    }

    /// Waits for the lock on the file at `path`, which is created if it is missing.
    package static func acquire(_ path: String) throws(Errno) -> FileLock {
        let file = try OwnedDescriptor.opening {
            unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        }
        let descriptor = file.rawValue
        try SystemCall.check { flock(descriptor, LOCK_EX) }
        return FileLock(holding: file)
    }
}
