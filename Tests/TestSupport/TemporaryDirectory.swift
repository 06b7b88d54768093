import Foundation

/// A directory of its own, for root alone, that goes away with the value.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// Makes one in `parent`; where the agent reads, nobody else may write to what is above it.
    package init(in parent: String = "/tmp") throws {
        let folder = URL(fileURLWithPath: parent)
            .appendingPathComponent("jitgate-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        path = folder.path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("the temporary directory \(path) stays: \(error)")
        }
    }
}
