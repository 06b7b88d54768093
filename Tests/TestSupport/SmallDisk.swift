import Foundation

/// A file system in a directory, so small that it can be filled; unmounted with the value.
package final class SmallDisk {
    private let path: String
    private var isRemoved = false

    /// Mounts it, which hides the content of the directory.
    package init(at path: String, kibibytes: Int = 512) throws {
        self.path = path
        let size = "size=\(kibibytes)k,mode=700"
        let words = ["mount", "-t", "tmpfs", "-o", size, "jitgate-test", path]
        let result = try Command.run(words)
        guard result.status == 0 else { throw CommandFailure("mount: \(result.errors)") }
    }

    deinit {
        remove()
    }

    /// Unmounts it; must precede the removal of the directory.
    package func remove() {
        guard !isRemoved else { return }
        isRemoved = true
        _ = try? Command.run(["umount", "--lazy", path])
    }

    /// Fills it until no more than `kibibytes` are free.
    package func fill(leaving kibibytes: Int = 0) throws {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else {
            throw CommandFailure("statvfs: errno \(errno)")
        }
        let free = Int(status.f_bfree) * Int(status.f_frsize)
        let data = Data(count: max(0, free - kibibytes * 1024))
        try data.write(to: URL(fileURLWithPath: path + "/filler"))
    }

    package func empty() throws {
        try FileManager.default.removeItem(atPath: path + "/filler")
    }
}
