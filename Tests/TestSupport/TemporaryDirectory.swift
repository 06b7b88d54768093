import Foundation
import Synchronization

/// A directory of its own, for root alone, that goes away with the value or the process.
package final class TemporaryDirectory: Sendable {
    /// Where nobody waits for a disk, unless that is what is tested.
    package static let memory = "/dev/shm"

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
