import Foundation
import Synchronization

/// A directory for root alone, removed with the value or the process.
package final class TemporaryDirectory: Sendable {
    /// ST_NOEXEC (sys/statvfs.h), which is visible only to GNU C.
    private static let noExecution: UInt = 8

    /// A directory in memory, if it has room and programs may run there.
    package static let memory: String = {
        var status = statvfs()
        let path = "/dev/shm"
        guard unsafe statvfs(path, &status) == 0, status.f_flag & noExecution == 0,
            UInt64(status.f_bavail) * UInt64(status.f_frsize) >= 1 << 28
        else { return "/tmp" }
        return path
    }()

    /// The existing directories; values that live as long as the process never remove theirs.
    private static let present = Mutex<Set<String>>([])
    private static let removedAtExit: Void = {
        atexit {
            for path in present.withLock({ $0 }) { remove(path) }
        }
        return
    }()

    package let path: String

    /// Makes a directory in `parent`; only root may be able to write above what the agent reads.
    package init(in parent: String = memory) throws {
        Self.removedAtExit
        let folder = URL(fileURLWithPath: parent)
            .appendingPathComponent("jitgate-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        path = folder.path
        Self.present.withLock { _ = $0.insert(folder.path) }
    }

    deinit {
        Self.present.withLock { _ = $0.remove(path) }
        Self.remove(path)
    }

    private static func remove(_ path: String) {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("the temporary directory \(path) stays: \(error)")
        }
    }
}
