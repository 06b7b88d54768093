import Foundation

/// A file system of its own in a directory, so small that it can be filled; gone with the value.
package final class SmallDisk {
    private let path: String
    private var isRemoved = false

    /// What the directory holds is not seen while this is there.
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

    /// Uncovers the directory; whoever removes that does this before.
    package func remove() {
        guard !isRemoved else { return }
        isRemoved = true
        _ = try? Command.run(["umount", "--lazy", path])
    }

    /// Leaves no more than `kibibytes` free.
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
