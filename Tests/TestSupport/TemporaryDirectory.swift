import Foundation
import Synchronization

/// A directory of its own, for root alone, that goes away with the value or the process.
package final class TemporaryDirectory: Sendable {
    /// ST_NOEXEC (sys/statvfs.h), which only GNU C sees.
    private static let noExecution: UInt = 8

    /// Where nobody waits for a disk, if there is room and programs may run.
    package static let memory: String = {
        var status = statvfs()
        let path = "/dev/shm"
        guard unsafe statvfs(path, &status) == 0, status.f_flag & noExecution == 0,
            UInt64(status.f_bavail) * UInt64(status.f_frsize) >= 1 << 28
        else { return "/tmp" }
        return path
    }()

    /// Those that are there; what lives as long as the process leaves its own behind.
    private static let present = Mutex<Set<String>>([])
    private static let removedAtExit: Void = {
        atexit {
            for path in present.withLock({ $0 }) { remove(path) }
        }
        return
    }()

    package let path: String

    /// Makes one in `parent`; where the agent reads, nobody else may write to what is above it.
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
